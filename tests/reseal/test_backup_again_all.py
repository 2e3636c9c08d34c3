"""What is wrong with one part of a backup keeps nobody from looking at the others."""

import os
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from reseal.backup import again
from reseal.backup.location import Location
from reseal.config import parse_config
from reseal.errors import KekError
from reseal.kek import open_kek
from tests.conftest import USERS_FIELD
from tests.reseal.backing_up import NEW, backed_up, copies, copying, prove_again
from tests.reseal.scene import SEED, Scene

UNOPENED = "UPDATE reseal.backup SET sealed = sealed || '\\x00' WHERE row_key[1]::int % 3 = 1"
DIFFERING = "UPDATE reseal.backup SET digest = '\\x00' WHERE row_key[1]::int % 3 = 2"
UNWRAPPED = "UPDATE reseal.backup_set SET wrapped = wrapped || '\\x00' WHERE field = %s"


@pytest.fixture
def two_files(scene: Scene, tmp_path: Path) -> Scene:
    """Twenty rows that are sealed, with a copy of each and of two that came late."""
    rows = scene.enrol(*[SEED] * 20)
    backed_up(scene, Location(str(tmp_path)))
    scene.put(rows[0], NEW)
    scene.enrol(NEW)
    scene.sweep()
    copying(scene).copy_late()
    return scene


def test_every_row_that_is_wrong_is_counted_and_the_first_are_named(two_files):
    two_files.admin.execute(UNOPENED)
    two_files.admin.execute(DIFFERING)
    done = prove_again(two_files)

    assert (done.rows, done.late_rows, done.wrong_rows) == (21, 2, 14)
    assert done.why_not == (
        "7 of 21 rows in the backup of users.mfa_secret do not open: 1, 10, 13, 16, 19 and 2 more; "
        "7 of 21 rows in the backup of users.mfa_secret are not what their digest says: "
        "11, 14, 17, 2, 20 and 2 more"
    )


def test_sound_copies_of_a_damaged_backup_are_proven(two_files):
    two_files.admin.execute(UNOPENED)
    two_files.admin.execute(DIFFERING)

    assert [(copy.rows, copy.why_not) for copy in prove_again(two_files).copies] == [
        (20, None), (2, None),
    ]  # fmt: skip


@pytest.mark.parametrize("first", [True, False])
def test_a_damaged_copy_keeps_nobody_from_the_other(two_files, first):
    path = Path(copies(two_files)[0 if first else 1])
    path.write_bytes(path.read_bytes()[:-1])
    done = prove_again(two_files)

    assert done.why_not is None
    assert [copy.why_not is None for copy in done.copies] == [not first, first]


def test_files_that_have_each_others_name_are_told(two_files):
    one, other = (Path(copy) for copy in copies(two_files))
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)

    assert [fault.partition("proven: ")[2] for fault in prove_again(two_files).faults] == [
        "it is another file of this backup, which has taken its name"
    ] * 2


def test_copies_are_proven_where_the_stored_key_is_damaged(two_files):
    two_files.admin.execute(UNWRAPPED, [two_files.name])
    done = prove_again(two_files)

    assert done.why_not
    assert [(copy.rows, copy.why_not) for copy in done.copies] == [(20, None), (2, None)]


def test_under_another_kek_nothing_can_be_said(two_files):
    other = open_kek("env:K", {"K": b64encode(os.urandom(32)).decode()})

    with pytest.raises(KekError):
        again.prove_run(two_files.store, two_files.run_id, other, "test")


def test_another_field_of_the_run_is_proven_all_the_same(scene):
    fields = [USERS_FIELD, USERS_FIELD | {"name": "z", "column": "email", "format": "text"}]
    access = replace(scene.access, config=parse_config({"field": fields}))
    scene.enrol(SEED)
    for name in (USERS_FIELD["name"], "z"):
        one = replace(scene, access=replace(access, config=parse_config({"field": [
            field for field in fields if field["name"] == name]})))  # fmt: skip
        one.back_up()
        one.prove()
    scene.admin.execute(UNWRAPPED, [scene.name])
    first, second = again.prove_run(scene.store, scene.run_id, scene.access.backup_kek(), "test")

    assert (first.what, first.why_not is None) == (scene.name, False)
    assert (second.what, second.why_not, second.rows) == ("z", None, 1)
