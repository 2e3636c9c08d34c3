"""A rollback restores what the run wrote, and nothing that anybody wrote since."""

import pytest

from reseal.envelope import Envelope
from reseal.restore import (
    APPLICATION,
    DISABLED_SINCE,
    RE_ENROLLED,
    RE_ENROLLED_SEALED,
    RESEALED,
    UNKNOWN,
    UNREADABLE,
    Restoration,
    record_gone,
)
from reseal.secret import Secret
from reseal.store import ledger, quarantine
from reseal.store.store import Store
from reseal.sweep.turn import Turn
from tests.reseal.scene import SEED, Scene
from tests.reseal.test_sweep import ODD

NEW = "GEZDGNBVGY3TQOJQ"


@pytest.fixture
def run(scene: Scene) -> Scene:
    """A run that is about to take a backup and to seal."""
    return scene


def sealed(run: Scene, *secrets: str | None) -> list[int]:
    """Enrol, back up and seal."""
    rows = run.enrol(*secrets)
    run.back_up()
    run.sweep()
    return rows


def seal(run: Scene, row: int, text: str) -> None:
    """Let the application write a sealed secret."""
    place = run.target.field.place((row,))
    run.put(row, str(run.keyring.seal(place, Secret(text))))


def test_every_original_comes_back_byte_for_byte(run):
    run = run.described(format="text")
    rows = sealed(run, *ODD, None, "", "gAAAAAx")
    back = run.again()

    tally = back.roll_back(run).checked()
    assert (tally.changed, tally.empty, tally.settled, tally.left_alone) == (len(ODD), 2, 1, 0)
    assert run.stored() == dict(zip(rows, [*ODD, None, "", "gAAAAAx"], strict=True))
    assert back.left_alone() == {}


def test_a_second_rollback_finds_nothing_to_do(run):
    sealed(run, SEED, SEED)

    assert run.again().roll_back(run).changed == 2
    tally = run.again().roll_back(run)
    assert (tally.rows_read, tally.settled) == (2, 2)


def test_rows_that_the_run_had_not_reached_are_settled(run):
    one, other = run.enrol(SEED, SEED)
    run.back_up()

    assert run.again().roll_back(run).settled == 2
    assert run.stored() == {one: SEED, other: SEED}


def reenrolled_in_plaintext(run: Scene, row: int) -> None:
    run.put(row, NEW)


def reenrolled_sealed(run: Scene, row: int) -> None:
    seal(run, row, NEW)


def disabled(run: Scene, row: int) -> None:
    run.put(row, None)


def emptied(run: Scene, row: int) -> None:
    run.put(row, "")


def resealed(run: Scene, row: int) -> None:
    run.activate_next_key()
    run.again().sweep(Turn.RESEAL)


def under_an_unknown_key(run: Scene, row: int) -> None:
    envelope = Envelope.parse(run.stored()[row] or "")
    run.put(row, str(Envelope(9, envelope.iv, envelope.tag, envelope.ciphertext)))


@pytest.mark.parametrize(
    ("since", "reason", "value", "with_unseal_newer"),
    [
        (reenrolled_in_plaintext, RE_ENROLLED, NEW, NEW),
        (reenrolled_sealed, RE_ENROLLED_SEALED, None, NEW),
        (disabled, DISABLED_SINCE, None, None),
        (emptied, DISABLED_SINCE, "", ""),
        (resealed, RESEALED, None, SEED),
        (under_an_unknown_key, UNKNOWN, None, None),
    ],
)
@pytest.mark.parametrize("unseal_newer", [False, True])
def test_what_was_written_since_is_left_alone_with_the_reason(
    run, since, reason, value, with_unseal_newer, unseal_newer
):
    (row,) = sealed(run, SEED)
    since(run, row)
    before, back = run.stored()[row], run.again()

    tally = back.roll_back(run, unseal_newer=unseal_newer).checked()
    if unseal_newer and with_unseal_newer and with_unseal_newer != value:
        assert tally.changed == 1
        assert run.stored() == {row: with_unseal_newer}
    else:
        assert tally.left_alone == 1
        assert run.stored() == {row: before}
        assert back.left_alone() == {(str(row),): reason}


def test_what_was_enrolled_after_the_run_was_never_ours(run):
    (old,) = sealed(run, SEED)
    (plain,) = run.enrol(NEW)
    (application,) = run.enrol(None)
    seal(run, application, NEW)
    back = run.again()

    tally = back.roll_back(run).checked()
    assert (tally.changed, tally.settled, tally.left_alone) == (1, 1, 1)
    assert back.left_alone() == {(str(application),): APPLICATION}
    assert run.opened() == {old: SEED, plain: NEW, application: NEW}

    assert run.again().roll_back(run, unseal_newer=True).changed == 1
    assert run.stored() == {old: SEED, plain: NEW, application: NEW}


def test_a_value_enrolled_between_backup_and_sweep_comes_back(run):
    (row,) = run.enrol(SEED)
    run.back_up()
    run.put(row, NEW)
    run.sweep()

    assert run.again().roll_back(run).changed == 1
    assert run.stored() == {row: NEW}


def test_deleted_rows_are_listed(run):
    kept, gone = sealed(run, SEED, SEED)
    run.admin.execute("DELETE FROM users WHERE id = %s", [gone])
    back = run.again()

    assert back.roll_back(run).changed == 1
    record_gone(back.store, back.target, run.run_id, back.run_id)
    assert back.left_alone() == {(str(gone),): "deleted since"}
    assert run.stored() == {kept: SEED}


def test_a_row_that_the_application_holds_is_not_overwritten(run):
    (row,) = sealed(run, SEED)
    text, back = run.stored()[row], run.again()

    with run.admin.transaction():
        run.admin.execute("SELECT FROM users FOR UPDATE")
        assert back.roll_back(run).locked == 1
        assert run.stored() == {row: text}
        run.put(row, NEW)

    assert back.roll_back(run).left_alone == 1
    assert run.stored() == {row: NEW}


def test_a_record_of_the_backup_that_does_not_open_keeps_no_other_row_from_its_own(run):
    damaged, whole = sealed(run, SEED, SEED)
    run.admin.execute(
        "UPDATE reseal.backup SET sealed = sealed || '\\x00' WHERE row_key = %s", [[str(damaged)]]
    )
    back = run.again()

    assert back.roll_back(run).changed == 1
    assert back.left_alone() == {(str(damaged),): UNREADABLE}
    assert run.stored()[whole] == SEED
    assert run.opened()[damaged] == SEED


@pytest.mark.parametrize(
    ("keeps_out", "reason"),
    [
        (
            "ALTER TABLE users ADD CONSTRAINT app CHECK (id <> 2 OR length(mfa_secret) > 100)",
            "refused by the database (23514, constraint app)",
        ),
        (
            "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;"
            "CREATE TRIGGER no BEFORE UPDATE ON users FOR EACH ROW WHEN (OLD.id = 2)"
            " EXECUTE FUNCTION no()",
            "refused by the database (P0001)",
        ),
        (
            "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
            "CREATE TRIGGER no BEFORE UPDATE ON users FOR EACH ROW WHEN (OLD.id = 2)"
            " EXECUTE FUNCTION no()",
            "a trigger of the table keeps the row from being written",
        ),
    ],
    ids=["check", "trigger", "trigger that suppresses"],
)
def test_an_original_that_the_database_refuses_is_left_alone(run, keeps_out, reason):
    sealed(run, SEED, SEED, SEED)
    run.admin.execute(keeps_out.encode())
    back, stood = run.again(), run.stored()

    tally = back.roll_back(run).checked()
    assert (tally.changed, tally.left_alone, tally.quarantined) == (2, 1, 0)
    assert back.left_alone() == {("2",): reason}
    assert back.quarantine() == {}
    assert run.stored() == {1: SEED, 2: stood[2], 3: SEED}


def test_a_row_that_a_later_pass_restores_is_not_listed_any_more(run):
    (row,) = sealed(run, SEED)
    run.admin.execute("ALTER TABLE users ADD CONSTRAINT app CHECK (length(mfa_secret) > 100)")
    back = run.again()
    assert back.roll_back(run).left_alone == 1
    run.admin.execute("ALTER TABLE users DROP CONSTRAINT app")

    began = quarantine.now(run.store)
    assert back.roll_back(run).changed == 1
    ledger.forget_unmet(run.store, back.run_id, run.name, began)
    assert back.left_alone() == {}
    assert run.stored() == {row: SEED}


def test_composite_and_text_keys_find_their_original(run):
    rows = [("a,b", 1, SEED), ("a", 1, NEW), ("{x}", 2, SEED), ("NULL", 3, NEW)]
    run = run.table("a text, b int, s text, PRIMARY KEY (a, b)", rows, column="s")
    run.back_up()
    run.sweep()

    assert run.again().roll_back(run).changed == 4
    assert run.stored() == {(a, b): secret for a, b, secret in rows}


def test_a_batch_finds_its_originals_by_their_keys_and_reads_no_backup_whole(run):
    run.admin.execute(
        "INSERT INTO users (email, mfa_secret) SELECT i::text, 'JBSWY3DPEHPK3PXP' "
        "FROM generate_series(1, 2000) AS i"
    )
    run.back_up()
    run.sweep()
    before = scans(run, run.store)

    back = run.again()
    with back.job(Turn.UNSEAL) as job:
        batch = Restoration.of(job.store, run.backup()).plan(job, run.whole)
        after = scans(run, job.store)
    assert len(batch.turned) == 2000
    read_whole, looked_up = (now - then for now, then in zip(after, before, strict=True))
    assert (read_whole, looked_up >= 2000) == (0, True)


def scans(run: Scene, store: Store) -> tuple[int, int]:
    """How often the backup was read whole, and looked into by key, as far as this store knows."""
    store.execute("SELECT pg_stat_force_next_flush()")
    row = run.admin.execute(
        "SELECT seq_scan, coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relname = %s",
        [f"backup_{run.run_id.hex}"],
    ).fetchone()
    assert row
    return row
