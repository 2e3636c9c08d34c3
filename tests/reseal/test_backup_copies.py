"""Copies of a backup: proven where they lie, and a whole table comes back from them alone."""

import fsspec
import psycopg
import pytest
from psycopg import sql

from reseal import BackupFileError, WillNotOpen, open_backup
from reseal.backup.location import Location
from reseal.errors import BackupNotProven, ConfigurationError, KekError
from reseal.kek import open_kek
from tests.conftest import SENTINEL
from tests.reseal.backing_up import NEW, backed_up, copies, copying, held, prove_again
from tests.reseal.scene import SEED
from tests.reseal.test_sweep import ODD, TEXT_KEYS


def test_a_copy_holds_what_the_backup_holds(scene, place):
    scene = scene.described(format="text")
    scene.enrol(*ODD, None, "gAAAAAx")
    scene.back_up()
    copied = copying(scene).copy(place)

    assert copied.where == f"{place.text}/{scene.run_id}/users.mfa_secret.reseal-backup"
    assert copied.rows == len(ODD)
    assert copies(scene) == (copied.where,)
    assert held(scene, copied.where) == scene.originals()
    file = open_backup(copied.where, scene.access.backup_kek())
    assert (copied.size, copied.sha256) == (file.size, file.sha256)
    assert (file.header.table, file.header.column, file.header.type, file.header.key) == (
        "public.users", "mfa_secret", "text", ("id",),
    )  # fmt: skip


def test_keys_of_every_kind_go_into_a_file(scene, place):
    rows = [(key, number, SEED) for number, key in enumerate(TEXT_KEYS)]
    scene = scene.table("a text, b int, s text, PRIMARY KEY (a, b)", rows, column="s")
    backed_up(scene, place)

    assert held(scene, copies(scene)[0]) == {(key, str(number)): SEED for key, number, _ in rows}


def test_more_rows_than_are_held_at_once_go_into_a_file(scene, place):
    scene.admin.execute(
        "INSERT INTO users (email, mfa_secret) SELECT n::text, %s FROM generate_series(1, 10001) n",
        [SEED],
    )
    backed_up(scene, place)

    assert len(held(scene, copies(scene)[0])) == 10_001
    assert prove_again(scene).faults == []


def test_nothing_of_a_copy_is_in_the_clear(scene, tmp_path):
    scene.enrol(SENTINEL)
    backed_up(scene, Location(str(tmp_path)))

    (path,) = tmp_path.rglob("*.reseal-backup")
    assert SENTINEL.encode() not in path.read_bytes()


def test_a_file_that_fsspec_has_opened_is_read_too(scene, place):
    scene.enrol(SEED)
    backed_up(scene, place)
    (copy,) = copies(scene)

    with fsspec.open(copy, "rb") as file:
        found = open_backup(file, scene.access.backup_kek())
        assert [secret.reveal() for _, secret in found] == [SEED]


def test_what_came_late_is_in_a_file_of_its_own(scene, place):
    kept, changed = scene.enrol(SEED, SEED)
    backed_up(scene, place)
    scene.put(changed, NEW)
    (new,) = scene.enrol("MFRGGZDFMZTWQ2LK")
    scene.sweep()
    late = copying(scene).copy_late()

    assert late is not None
    assert copies(scene)[1] == late.where
    assert late.where.endswith("/users.mfa_secret.late.reseal-backup")
    assert open_backup(late.where, scene.access.backup_kek()).header.late
    assert held(scene, late.where) == {(str(changed),): NEW, (str(new),): "MFRGGZDFMZTWQ2LK"}
    assert held(scene, copies(scene)[0]) == {(str(kept),): SEED, (str(changed),): SEED}
    done = prove_again(scene)
    assert (done.rows, done.late_rows, done.faults) == (3, 2, [])


def test_where_nothing_came_late_there_is_no_such_file(scene, place):
    scene.enrol(SEED)
    backed_up(scene, place)
    scene.sweep()

    assert copying(scene).copy_late() is None
    assert len(copies(scene)) == 1


def test_a_second_sweep_of_a_run_writes_a_second_file(scene, place):
    (row,) = scene.enrol(SEED)
    backed_up(scene, place)
    for text in (NEW, "MFRGGZDFMZTWQ2LK"):
        scene.put(row, text)
        scene.sweep()
        copying(scene).copy_late()

    first, second = copies(scene)[1:]
    assert (held(scene, first), held(scene, second)) == (
        {(str(row),): NEW}, {(str(row),): "MFRGGZDFMZTWQ2LK"},
    )  # fmt: skip
    assert second.endswith(".late-2.reseal-backup")
    assert prove_again(scene).faults == []


def test_a_copy_is_not_written_over(scene, place):
    scene.enrol(SEED)
    backed_up(scene, place)
    before = held(scene, copies(scene)[0])

    with pytest.raises(BackupFileError, match="exists already"):
        copying(scene).copy(place)
    assert len(copies(scene)) == 1
    assert held(scene, copies(scene)[0]) == before


def test_a_copy_that_cannot_be_written_is_forgotten(scene, tmp_path):
    scene.enrol(SEED)
    scene.back_up()
    (tmp_path / "f").write_bytes(b"")

    with pytest.raises(BackupFileError, match="cannot be written: Not a directory"):
        copying(scene).copy(Location(str(tmp_path / "f")))
    assert copies(scene) == ()


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        ("DELETE FROM reseal.backup WHERE row_key = '{1}'", BackupNotProven),
        ("UPDATE reseal.backup SET sealed = sealed || '\\x00'", WillNotOpen),
        ("UPDATE reseal.backup SET row_key = '{9}' WHERE row_key = '{1}'", WillNotOpen),
        ("UPDATE reseal.backup_set SET wrapped = wrapped || '\\x00'", KekError),
        ("UPDATE reseal.backup_set SET wrapped = NULL", ConfigurationError),
    ],
)
def test_a_copy_of_a_damaged_backup_is_not_proven(scene, place, damage, error):
    scene.enrol(SEED, SEED * 2)
    scene.back_up()
    scene.admin.execute(damage.encode())

    with pytest.raises(error) as caught:
        copying(scene).copy(place)
    assert SEED not in str(caught.value)


def test_a_table_comes_back_from_its_files_alone(scene, place, access, database):
    """With reseal, psycopg and the backup KEK, where everything of Reseal's is gone."""
    scene = scene.described(format="text")
    before = dict(zip(scene.enrol(*ODD), ODD, strict=True))
    backed_up(scene, place)
    changed = next(iter(before))
    scene.put(changed, NEW)
    before |= {changed: NEW, scene.enrol(NEW)[0]: NEW}
    scene.sweep()
    copying(scene).copy_late()
    files = copies(scene)
    scene.store.close()
    scene.admin.execute("DROP SCHEMA reseal CASCADE")

    kek = open_kek(str(access.backup_kek_uri), access.variables)
    with psycopg.connect(database) as connection:
        for each in files:
            file = open_backup(each, kek)
            restore = sql.SQL("UPDATE {} SET {} = %s WHERE {}::text = %s").format(
                sql.Identifier(*file.header.table.split(".")),
                sql.Identifier(file.header.column),
                sql.Identifier(file.header.key[0]),
            )
            for key, secret in file:
                connection.execute(restore, [secret.reveal(), *key])
        rows = connection.execute("SELECT id, mfa_secret FROM users").fetchall()
    assert dict(rows) == before
