"""`reseal encrypt --backup-to` and `reseal backup`, as a person uses them from a shell."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from reseal.store import schema
from tests.conftest import SENTINEL
from tests.flows.backup_story import LATEST, NEW, OLD, USERS, Told
from tests.flows.conftest import CONFIG, Ended
from tests.flows.scene import FIELD, Scene, flipped, set_secret
from tests.flows.sentences import sentence
from tests.flows.test_leaks import Places

pytestmark = pytest.mark.slow

KEPT = CONFIG + '\n[backup]\nkept_days = 7\nto = "kept"\n'
PAST = "UPDATE reseal.backup_set SET expires = now() WHERE run_id::text = %s RETURNING 1"
PROVEN_BEFORE = """
SELECT (SELECT min(event_id) FROM reseal.event WHERE action = 'backup proven')
     < (SELECT min(event_id) FROM reseal.event WHERE action = 'sealed')
"""


@pytest.fixture(scope="module")
def told(make_scene: Callable[[], Scene]) -> Told:
    scene = make_scene()
    told = Told(scene, scene.enrol([SENTINEL, *[OLD] * (USERS - 1)]))
    encrypts(told)
    proves(told)
    shreds(told)
    expires(told)
    return told


def encrypts(told: Told) -> None:
    """A run with a copy, and enrolments between backup and sweep."""
    scene = told.scene
    with scene.library() as (_, store):
        schema.migrate(store)
    told.interrupted("encrypt", lambda: told.enrols_late(2), "--backup-to", "copies")
    for path in told.copies:
        told.opens(path)


def proves(told: Told) -> None:
    """Of the run and of the files, as they are and with a bit changed."""
    told.does("list", "backup", "list", "--json")
    told.does("list to a person", "backup", "list")
    told.does("prove", "backup", "prove", told.run_id, "--json")
    told.does("prove to a person", "backup", "prove", told.run_id)
    late, first = (str(path) for path in told.copies)
    nowhere = {"RESEAL_DATABASE_URL": "postgresql://127.0.0.1:1/x", "RESEAL_CONFIG": "none.toml"}
    told.does("prove a file", "backup", "prove", first, "--json", **nowhere)
    told.does("prove the late file", "backup", "prove", late, **nowhere)
    whole = Path(first).read_bytes()
    Path(first).write_bytes(whole[:-150] + bytes([whole[-150] ^ 1]) + whole[-149:])
    told.does("prove a changed file", "backup", "prove", first)
    told.does("prove with a changed file", "backup", "prove", told.run_id, "--json")
    Path(first).write_bytes(whole)


def shreds(told: Told) -> None:
    """Refused while a row needs it, then done, and what comes after."""
    scene, run_id = told.scene, told.run_id
    told.does("nothing expired", "backup", "shred", "--expired")
    with scene.connect() as connection:
        envelope = str(scene.stored()[3])
        set_secret(connection, 3, flipped(envelope))
        told.does("needed", "backup", "shred", run_id)
        set_secret(connection, 3, envelope)
    told.does("shred", "backup", "shred", run_id, "--approved-by", "Grace Hopper", "--json")
    told.does("shredded", "backup", "list", "--json")
    told.does("prove what is gone", "backup", "prove", run_id)
    told.does("roll back what is gone", "rollback", run_id)


def expires(told: Told) -> None:
    """A run with what reseal.toml says, past its date, with a copy that cannot be deleted."""
    told.scene.command_line.write_config(KEPT)
    told.interrupted("encrypt again", told.gets_in_the_way)
    second, (late, path) = told.steps["encrypt again"], told.copies
    told.steps["in the way"] = Ended(0, late.read_text(), "")
    late.unlink()
    told.does("late in no copy", "backup", "prove", second.run_id)
    told.does("kept", "backup", "list", "--json")
    assert told.scene.ask(PAST, second.run_id)
    told.does("past", "backup", "list")
    path.unlink()
    (path / "in the way").mkdir(parents=True)
    told.does("expired", "backup", "shred", "--expired", "--json")
    told.does("expired again", "backup", "shred", "--expired")
    (path / "in the way").rmdir()
    path.rmdir()
    told.does("gone at last", "backup", "shred", "--expired")


def backups(told: Told, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = told.steps[name].document["backups"]
    return found


def test_a_run_writes_a_copy_of_its_backup_before_it_encrypts(told: Told) -> None:
    step = told.steps["encrypt"]
    assert step.code == 0, step.err
    assert told.scene.ask(PROVEN_BEFORE)
    record = json.loads((Path(step.document["evidence"]) / f"backup-{FIELD}.json").read_text())
    assert (record["rows"], record["copy"]["rows"]) == (USERS, USERS)
    assert record["copy"]["where"].endswith(f"/copies/{told.run_id}/{FIELD}.reseal-backup")


def test_the_files_hold_every_original_and_are_their_owners(told: Told) -> None:
    late, first = told.copied
    assert first == (
        f"{FIELD}.reseal-backup", {(str(key),): text for key, text in told.had.items()}, 0o600,
    )  # fmt: skip
    assert late == (
        f"{FIELD}.late.reseal-backup", {("2",): NEW, (str(USERS + 1),): LATEST}, 0o600,
    )  # fmt: skip


def test_the_list_tells_what_there_is(told: Told) -> None:
    (one,) = backups(told, "list")
    assert (one["run_id"], one["field"], one["rows"], one["late_rows"]) == (
        told.run_id, FIELD, USERS + 1, 2,
    )  # fmt: skip
    assert (one["kek"], one["expired"], one["shredded"], one["shredded_by"]) == (
        "env:TEST_BACKUP_KEK", False, None, None,
    )  # fmt: skip
    assert [Path(copy).name for copy in one["copies"]] == [
        f"{FIELD}.reseal-backup", f"{FIELD}.late.reseal-backup",
    ]  # fmt: skip
    assert {"taken", "proven", "expires", "bytes"} <= one.keys()


def test_a_person_sees_a_table_and_where_the_copies_are(told: Told) -> None:
    step = told.steps["list to a person"]
    lines = step.err.splitlines()
    assert (step.code, step.out) == (0, "")
    assert lines[0].split()[:4] == ["run_id", "field", "taken", "rows"]
    assert lines[1].split()[:2] == [told.run_id, FIELD]
    assert [line.split(":")[0] for line in lines[2:]] == [f"copy of {told.run_id} {FIELD}"] * 2


def test_a_run_is_proven_again(told: Told) -> None:
    step = told.steps["prove"]
    assert (step.code, step.document["proven"]) == (0, True)
    (one,) = step.document["backups"]
    assert (one["what"], one["rows"], one["late_rows"], one["why_not"]) == (
        FIELD, USERS + 1, 2, None,
    )  # fmt: skip
    assert [copy["rows"] for copy in one["copies"]] == [USERS, 2]
    said = told.steps["prove to a person"].err
    assert f"proven: {FIELD}: {USERS + 1} rows" in said
    assert "in no copy" not in said


def test_a_file_is_proven_without_a_database(told: Told) -> None:
    step = told.steps["prove a file"]
    assert step.code == 0, step.err
    assert step.document["backups"][0]["rows"] == USERS
    assert "proven: " in told.steps["prove the late file"].err


def test_a_changed_file_is_not_proven(told: Told) -> None:
    step = told.steps["prove a changed file"]
    assert step.code == 1
    assert step.err.splitlines()[-1] == (
        "reseal: the backup file is not as it was written: its HMAC does not match"
    )
    step = told.steps["prove with a changed file"]
    assert (step.code, step.document["proven"]) == (1, False)
    assert len(step.err.splitlines()) == 1


def test_where_nothing_is_past_its_date_nothing_is_shredded(told: Told) -> None:
    step = told.steps["nothing expired"]
    assert (step.code, step.err) == (0, "No backup is past its date.\n")


def test_a_backup_that_a_row_needs_is_not_shredded(told: Told) -> None:
    said = sentence(told.steps["needed"], 3)
    assert f"the backup of run {told.run_id} is all there is of 1 rows" in said


def test_a_shredded_backup_is_gone_with_its_copies(told: Told) -> None:
    step = told.steps["shred"]
    assert step.code == 0, step.err
    (done,) = step.document["shredded"]
    assert (done["rows"], done["still_sealed"]) == ({FIELD: USERS + 1}, {FIELD: USERS + 1})
    assert (len(done["deleted"]), done["not_deleted"]) == (2, {})
    (one,) = backups(told, "shredded")
    assert (one["copies"], one["bytes"], one["shredded_by"]) == ([], 0, "Grace Hopper")
    assert "was shredded" in told.steps["prove what is gone"].err
    assert told.steps["prove what is gone"].code == 1
    assert told.steps["roll back what is gone"].code in (2, 3)


def test_what_was_sealed_still_opens(told: Told) -> None:
    assert told.scene.opened() == told.had | {2: NEW, 4: NEW, USERS + 1: LATEST}


def test_the_configuration_says_how_long_and_where(told: Told) -> None:
    _, kept = backups(told, "kept")
    assert kept["copies"][0].startswith(f"{told.scene.directory}/kept/")
    taken, expires = (datetime.fromisoformat(kept[word]) for word in ("taken", "expires"))
    assert round((expires - taken).total_seconds() / 86_400) == 7
    run_id = told.steps["encrypt again"].run_id
    assert f"expired: `reseal backup shred {run_id}` destroys it" in told.steps["past"].err


def test_a_copy_without_what_came_late_is_told(told: Told) -> None:
    step = told.steps["encrypt again"]
    assert (step.code, step.document["outcome"]) == (4, "partial")
    says = f"not true: the copy of the backup of {FIELD} holds what came late: "
    assert says in step.document["message"]
    assert "exists already, and is not written over" in step.document["message"]
    assert told.steps["in the way"].out == "in the way"
    # The backup in the database has it, so that it is proven nevertheless.
    proven = told.steps["late in no copy"]
    assert proven.code == 0, proven.err
    assert f"1 rows of {FIELD} that came late are in no copy" in proven.err


def test_a_copy_that_cannot_be_deleted_makes_exit_code_4(told: Told) -> None:
    step = told.steps["expired"]
    assert step.code == 4
    (done,) = step.document["shredded"]
    assert (done["rows"], done["deleted"], len(done["not_deleted"])) == ({FIELD: 1}, [], 1)
    assert told.steps["expired again"].code == 4
    assert "delete it by hand" in told.steps["expired again"].err
    assert told.steps["gone at last"].code == 0


def test_no_output_and_no_file_shows_a_secret(told: Told) -> None:
    places = Places()
    for name, step in told.steps.items():
        places.add_output(name, step)
    places.add_files("directory", told.scene.directory)
    assert places.holding(SENTINEL) == []
