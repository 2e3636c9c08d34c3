"""Every original can be had back from the backup alone, byte for byte, and that is proven."""

import os
from uuid import uuid4

import psycopg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reseal.backup import table, take
from reseal.backup.cipher import BackupCipher
from reseal.backup.coverage import Coverage
from reseal.errors import BackupNotProven, ConfigurationError, KekError, WillNotOpen
from reseal.kek import open_kek
from reseal.sweep.turn import Turn
from tests.conftest import SENTINEL
from tests.reseal.scene import SEED
from tests.reseal.test_sweep import ODD, TEXT_KEYS

RUN = uuid4()
KEK = open_kek("env:K", {"K": "A" * 43 + "="})
CIPHER, WRAPPED = BackupCipher.fresh(RUN, "f", KEK)

texts = st.text(st.characters(codec="utf-8"), max_size=60)
xids = st.integers(3, 2**32 - 1)


@given(st.lists(texts, min_size=1, max_size=3), texts)
def test_an_original_comes_back_byte_for_byte(row_key, text):
    assert CIPHER.open(row_key, CIPHER.seal(row_key, text)).reveal() == text
    again = BackupCipher.unwrap(RUN, "f", KEK, WRAPPED)
    assert again.open(row_key, CIPHER.seal(row_key, text)).reveal() == text


SEALED = CIPHER.seal(["1"], SENTINEL)


@pytest.mark.parametrize(
    ("cipher", "row_key", "sealed"),
    [
        (CIPHER, ["2"], SEALED),
        (CIPHER, ["1", ""], SEALED),
        (CIPHER, [], SEALED),
        (CIPHER, ["1"], SEALED[:-1]),
        (CIPHER, ["1"], SEALED[:-1] + bytes([SEALED[-1] ^ 1])),
        (CIPHER, ["1"], b""),
        (CIPHER, ["1"], os.urandom(60)),
        (BackupCipher(uuid4(), "f", CIPHER._cipher), ["1"], SEALED),
        (BackupCipher(RUN, "g", CIPHER._cipher), ["1"], SEALED),
        (BackupCipher.fresh(RUN, "f", KEK)[0], ["1"], SEALED),
    ],
    ids=[
        "another row",
        "a longer key",
        "no key",
        "cut",
        "edited",
        "nothing",
        "noise",
        "another run",
        "another field",
        "another backup key",
    ],
)
def test_an_original_of_another_row_run_or_field_does_not_open(cipher, row_key, sealed):
    with pytest.raises(WillNotOpen, match="the backup of") as caught:
        cipher.open(row_key, sealed)

    assert SENTINEL not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_backup_key_opens_only_under_its_run_its_field_and_its_kek():
    other = open_kek("env:K", {"K": "B" * 42 + "A="})
    for run, name, kek in [(uuid4(), "f", KEK), (RUN, "g", KEK), (RUN, "f", other)]:
        with pytest.raises(KekError):
            BackupCipher.unwrap(run, name, kek, WRAPPED)


def test_a_backup_key_does_not_show_itself():
    assert "AESGCM" not in repr(CIPHER)
    assert "AESGCM" not in repr(Coverage(1, CIPHER, b""))


@given(xids, st.integers(1, 2**31 - 4))
@example(3, 1)
@example(3, 2**31 - 4)
@example(2**32 - 1, 1)
def test_a_row_is_covered_when_its_transaction_began_before_the_horizon(horizon, distance):
    """Transaction ids go round in 32 bits: older is the half of the circle before."""
    covered = Coverage(horizon, CIPHER, b"")

    older, newer = (horizon - distance) % 2**32, (horizon + distance - 1) % 2**32
    assert covered.has(str(older))
    assert newer < 3 or not covered.has(str(newer))
    assert covered.has(str(horizon)) is False


@pytest.mark.parametrize("version", ["1", "2"])
@given(horizon=xids)
def test_a_row_of_the_bootstrap_or_frozen_is_covered(version, horizon):
    assert Coverage(horizon, CIPHER, b"").has(version)


def test_a_backup_holds_every_original_and_nothing_else(scene):
    scene = scene.described(format="text")
    rows = scene.enrol(*ODD)
    scene.enrol(None, "", "gAAAAAx")

    assert scene.back_up() == len(ODD)
    assert scene.originals() == {(str(r),): text for r, text in zip(rows, ODD, strict=True)}


@pytest.mark.parametrize("plain", [{1}, {3}, {6}, {1, 6}, set()])
def test_parts_that_have_nothing_to_back_up_hide_none_that_has(scene, monkeypatch, plain):
    monkeypatch.setattr(take, "_ROWS_AT_ONCE", 1)
    # A row a page, of which each is a part.
    scene.admin.execute("ALTER TABLE users ALTER COLUMN email SET STORAGE PLAIN")
    scene.admin.execute("ALTER TABLE users SET (fillfactor = 10)")
    scene.admin.execute(
        "INSERT INTO users (email, mfa_secret) SELECT repeat('x', 2600) || i, "
        "CASE WHEN i = ANY (%s) THEN 'JBSWY3DPEHPK3PXP' ELSE '' END "
        "FROM generate_series(1, 6) AS i",
        [list(plain)],
    )
    scene.admin.execute("VACUUM ANALYZE users")
    assert scene.target.pages == 6

    assert scene.back_up() == len(plain)


def test_keys_of_every_kind_lead_to_their_original(scene):
    rows = [(key, number, SEED) for number, key in enumerate(TEXT_KEYS)]
    scene = scene.table("a text, b int, s text, PRIMARY KEY (a, b)", rows, column="s")

    assert scene.back_up() == len(rows)
    assert set(scene.originals()) == {(key, str(number)) for key, number, _ in rows}
    assert scene.prove().compared == len(rows)


def test_nothing_of_a_backup_is_in_the_clear(scene):
    scene.enrol(SENTINEL)
    scene.back_up()

    (row,) = scene.admin.execute("SELECT backup::text, sealed FROM reseal.backup").fetchall()
    assert SENTINEL not in row[0]
    assert SENTINEL.encode() not in row[1]


def test_a_backup_is_proven_by_restoring_it(scene):
    scene.enrol(*[SEED] * 50, None, "hunter2", "gAAAAAx")
    scene.back_up()

    proof = scene.prove()
    assert (proof.restored, proof.compared) == (50, 50)
    found = table.need(scene.store, scene.run_id, scene.name)
    assert (found.is_proven, found.rows) == (True, 50)
    assert table.count(scene.store, scene.run_id, scene.name) == 50


def test_what_is_foreign_needs_no_original_in_any_format(scene):
    scene = scene.described(format="text")
    scene.enrol("gAAAAAx", "vault:v1:abc", SEED)
    scene.back_up()

    assert scene.prove().compared == 1


def test_the_proof_restores_no_secret_to_disk(scene):
    scene.enrol(SENTINEL)
    scene.back_up()
    with scene.store.transaction():
        scene.store.execute("SET LOCAL log_statement = 'none'")
        scene.prove()

    assert scene.store.need("SELECT to_regclass('pg_temp.reseal_restored') IS NULL") == (True,)


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        ("DELETE FROM reseal.backup WHERE row_key = '{1}'", BackupNotProven),
        ("UPDATE reseal.backup SET sealed = sealed || '\\x00'", WillNotOpen),
        ("UPDATE reseal.backup SET sealed = '' WHERE row_key = '{1}'", WillNotOpen),
        ("UPDATE reseal.backup SET row_key = '{9}' WHERE row_key = '{1}'", WillNotOpen),
        ("UPDATE reseal.backup_set SET wrapped = wrapped || '\\x00'", KekError),
        ("UPDATE reseal.backup_set SET wrapped = NULL", ConfigurationError),
        ("DELETE FROM reseal.backup_set", ConfigurationError),
    ],
)
def test_a_damaged_backup_is_not_proven(scene, damage, error):
    scene.enrol(SEED, SEED * 2)
    scene.back_up()
    scene.admin.execute(damage.encode())

    with pytest.raises(error) as caught:
        scene.prove()
    assert SEED not in str(caught.value)
    proven = scene.admin.execute("SELECT count(proven) FROM reseal.backup_set").fetchone()
    assert proven == (0,)


def test_a_backup_of_another_value_is_not_proven(scene):
    (row,) = scene.enrol(SEED)
    scene.back_up()
    forged = scene.backup().seal([str(row)], "GEZDGNBVGY3TQOJQ")
    scene.admin.execute("UPDATE reseal.backup SET sealed = %s", [forged])

    with pytest.raises(BackupNotProven, match="0 of the table are missing and 1 differ"):
        scene.prove()


def test_a_row_written_since_the_backup_does_not_spoil_the_proof(scene):
    one, _ = scene.enrol(SEED, SEED)
    scene.back_up()
    scene.put(one, "GEZDGNBVGY3TQOJQ")
    scene.enrol(SEED)

    proof = scene.prove()
    assert (proof.restored, proof.compared) == (2, 1)


def test_what_was_enrolled_between_backup_and_sweep_ends_in_the_backup(scene):
    kept, changed, gone = scene.enrol(SEED, SEED, SEED)
    scene.back_up()
    scene.put(changed, "GEZDGNBVGY3TQOJQ")
    scene.put(gone, None)
    (new,) = scene.enrol("MFRGGZDFMZTWQ2LK\n")

    scene.sweep()
    assert scene.originals() == {
        (str(kept),): SEED,
        (str(changed),): "GEZDGNBVGY3TQOJQ",
        (str(gone),): SEED,
        (str(new),): "MFRGGZDFMZTWQ2LK\n",
    }


@pytest.mark.parametrize("publishes", ["", "CREATE PUBLICATION everything FOR ALL TABLES"])
def test_the_latest_value_of_a_row_that_kept_moving_is_in_the_backup(scene, publishes):
    scene.admin.execute(publishes)
    (row,) = scene.enrol(SEED)
    scene.back_up()
    for text in ("GEZDGNBVGY3TQOJQ", "MFRGGZDFMZTWQ2LK"):
        scene.put(row, text)
        scene.sweep()
        scene.again().sweep(Turn.UNSEAL)
    scene.sweep()

    assert scene.originals() == {(str(row),): "MFRGGZDFMZTWQ2LK"}


def test_a_transaction_open_across_the_horizon_is_backed_up_late(scene, database):
    with psycopg.connect(database) as application:
        application.execute("INSERT INTO users (email, mfa_secret) VALUES ('a', %s)", [SEED])
        assert scene.back_up() == 0
        application.commit()

    assert scene.prove().compared == 0
    assert scene.sweep().changed == 1
    assert list(scene.originals().values()) == [SEED]


def test_a_row_that_is_not_written_changes_nothing_in_the_backup(scene):
    """A batch that fails takes its late originals back with it."""
    scene.back_up()
    scene.enrol(SEED)
    scene.admin.execute("ALTER TABLE users ADD CHECK (length(mfa_secret) < 100)")

    assert scene.sweep().quarantined == 1
    assert scene.originals() == {}


def test_each_run_has_a_backup_of_its_own(scene):
    scene.enrol(SEED)
    scene.back_up()
    other = scene.again()
    other.back_up()

    assert scene.originals() == other.originals()
    assert take.coverage(scene.store, uuid4(), scene.name, scene.access.backup_kek()) is None
    with pytest.raises(ConfigurationError, match="has no backup of field"):
        table.need(scene.store, uuid4(), scene.name)


def test_the_server_knows_an_original_by_its_digest(scene):
    rows = scene.enrol(SENTINEL, "")
    scene.back_up()

    known = scene.admin.execute(
        """SELECT b.row_key, b.digest = sha256(s.salt || convert_to(t.mfa_secret, 'UTF8')), b.late
           FROM reseal.backup AS b JOIN reseal.backup_set AS s USING (run_id, field)
           JOIN users AS t ON b.row_key = ARRAY[t.id::text]"""
    ).fetchall()
    assert known == [([str(rows[0])], True, False)]
