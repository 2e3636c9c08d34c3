"""A backup and its copies are proven again, when the rows are long sealed."""

import json
from uuid import uuid4

import pytest

from reseal.backup import again, table
from reseal.backup.inventory import inventory
from reseal.backup.location import Location
from reseal.errors import ConfigurationError
from reseal.sweep.turn import Turn
from tests.reseal.backing_up import NEW, backed_up, copies, prove_again
from tests.reseal.scene import SEED


def test_a_backup_is_proven_again_when_its_rows_are_sealed(scene, place):
    scene.enrol(SEED, NEW)
    backed_up(scene, place)
    scene.sweep()
    proven = scene.admin.execute("SELECT proven FROM reseal.backup_set").fetchone()

    done = prove_again(scene)
    assert (done.rows, done.late_rows, done.faults) == (2, 0, [])
    assert [copy.rows for copy in done.copies] == [2]
    later = scene.admin.execute("SELECT proven FROM reseal.backup_set").fetchone()
    assert later > proven


DAMAGES = {
    "an original": (
        "UPDATE reseal.backup SET sealed = sealed || '\\x00' WHERE row_key = '{2}'",
        "1 of 2 rows in the backup of users.mfa_secret do not open: 2",
    ),
    "a digest": (
        "UPDATE reseal.backup SET digest = '\\x00' WHERE row_key = '{1}'",
        "1 of 2 rows in the backup of users.mfa_secret are not what their digest says: 1",
    ),
    "a salt": ("UPDATE reseal.backup_set SET salt = 'x'", "2 of 2 rows in the backup of"),
    "a row": ("DELETE FROM reseal.backup WHERE row_key = '{1}'", "has 1 rows, 0 of them late"),
    "the proof": ("UPDATE reseal.backup_set SET rows = NULL", "was never proven"),
    "the key": ("UPDATE reseal.backup_set SET wrapped = NULL", "was shredded"),
}


@pytest.mark.parametrize(("damage", "says"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_backup_is_not_proven_again(scene, place, damage, says):
    scene.enrol(SEED, NEW)
    backed_up(scene, place)
    before = scene.admin.execute("SELECT proven FROM reseal.backup_set").fetchone()
    scene.admin.execute(damage.encode())

    done = prove_again(scene)
    assert says in done.faults[0]
    assert SEED not in str(done)
    assert scene.admin.execute("SELECT proven FROM reseal.backup_set").fetchone() == before


def flip(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def of_another_field(content: bytes) -> bytes:
    header, rest = content.split(b"\n", 1)
    document = json.loads(header) | {"field": "other"}
    return json.dumps(document, separators=(",", ":")).encode() + b"\n" + rest


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda content: flip(content, len(content) - 150), "HMAC does not match"),
        (lambda content: content[:-120], "without its trailer"),
        (lambda content: b"", "is not the header"),
        (of_another_field, "does not open"),
    ],
    ids=["a bit", "a half", "all", "the field"],
)
def test_a_changed_copy_is_not_proven_again(scene, tmp_path, change, says):
    scene.enrol(SEED, NEW)
    backed_up(scene, Location(str(tmp_path)))
    (path,) = tmp_path.rglob("*.reseal-backup")
    path.write_bytes(change(path.read_bytes()))

    (fault,) = prove_again(scene).faults
    assert fault.startswith(f"the copy {path} is not proven: ")
    assert says in fault


def test_a_copy_that_is_gone_is_not_proven(scene, tmp_path):
    scene.enrol(SEED)
    backed_up(scene, Location(str(tmp_path)))
    next(tmp_path.rglob("*.reseal-backup")).unlink()

    assert "No such file" in prove_again(scene).faults[0]


def test_a_good_copy_of_another_backup_is_not_this_ones(scene, tmp_path):
    scene.enrol(SEED)
    backed_up(scene, Location(str(tmp_path)))
    other = scene.again()
    backed_up(other, Location(str(tmp_path)))
    Location(copies(scene)[0]).path.write_bytes(Location(copies(other)[0]).path.read_bytes())

    assert "it is of another backup" in prove_again(scene).faults[0]


def test_a_copy_and_its_backup_are_held_against_each_other(scene, tmp_path):
    scene.enrol(SEED, NEW)
    backed_up(scene, Location(str(tmp_path)))
    cipher = scene.backup()
    found = table.need(scene.store, scene.run_id, scene.name)
    (one,) = scene.admin.execute("SELECT min(row_key[1]) FROM reseal.backup").fetchone()
    sealed = cipher.seal([one], "MFRGGZDFMZTWQ2LK")
    scene.admin.execute(
        "UPDATE reseal.backup SET sealed = %s, digest = sha256(%s::bytea || 'MFRGGZDFMZTWQ2LK')"
        " WHERE row_key = ARRAY[%s]",
        [sealed, found.salt, one],
    )
    (fault,) = prove_again(scene).faults
    assert "0 rows of the backup are missing, 1 differ, 0 are unknown" in fault


def test_a_file_is_proven_by_itself(scene, place):
    scene.enrol(SEED, NEW)
    backed_up(scene, place)
    kek = scene.access.backup_kek()

    done = again.prove_file(copies(scene)[0], kek)
    assert (done.rows, done.late_rows, done.faults) == (2, 0, [])
    (fault,) = again.prove_file(f"{place.text}/none", kek).faults
    assert "cannot be read" in fault


def test_a_run_without_a_backup_has_nothing_to_prove(scene):
    with pytest.raises(ConfigurationError, match="has no backup; see `reseal backup list`"):
        again.prove_run(scene.store, uuid4(), scene.access.backup_kek(), "test")


def test_the_inventory_names_every_backup(scene, place):
    scene.enrol(SEED, NEW)
    backed_up(scene, place)
    scene.enrol(SEED)
    scene.sweep(Turn.SEAL)
    other = scene.again()
    other.back_up()
    first, second = inventory(scene.store)

    assert (first["run_id"], second["run_id"]) == (str(scene.run_id), str(other.run_id))
    assert (first["rows"], first["late_rows"], first["copies"]) == (3, 1, [*copies(scene)])
    assert (first["kek"], first["expired"], first["shredded"]) == (
        "env:TEST_BACKUP_KEK", False, None,
    )  # fmt: skip
    assert first["bytes"] == 3 * (16 + 28)
    assert (second["rows"], second["proven"]) == (0, None)
    assert round((first["expires"] - first["taken"]).total_seconds() / 86_400) == 90
