"""`reseal encrypt --backup-to` and `reseal backup`, as a person uses them from a shell."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from reseal import open_backup
from reseal.kek import open_kek
from reseal.store import schema
from tests.chaos.hold import Hold, holding
from tests.conftest import SENTINEL
from tests.flows.conftest import CONFIG, CommandLine, Ended
from tests.flows.scene import FIELD, Scene, flipped, set_secret, wait_until
from tests.flows.sentences import NOBODY, described, enrol_two, missing, sentence, state, unserved
from tests.flows.test_leaks import Places

pytestmark = pytest.mark.slow

USERS = 150
OLD, NEW, LATEST = "JBSWY3DPEHPK3PXP", "GEZDGNBVGY3TQOJQ", "MFRGGZDFMZTWQ2LK"
KEPT = CONFIG + '\n[backup]\nkept_days = 7\nto = "kept"\n'
LATE = """
INSERT INTO users (id, email, mfa_secret) VALUES (%s, 'late', %s) ON CONFLICT DO NOTHING
"""
PAST = "UPDATE reseal.backup_set SET expires = now() WHERE run_id::text = %s RETURNING 1"
PROVEN_BEFORE = """
SELECT (SELECT min(event_id) FROM reseal.event WHERE action = 'backup proven')
     < (SELECT min(event_id) FROM reseal.event WHERE action = 'sealed')
"""


@dataclass
class Told:
    """What each command of a story said, by its name, and where its copies were."""

    scene: Scene
    had: dict[int, str | None]
    steps: dict[str, Ended] = field(default_factory=dict)
    copied: list[tuple[str, dict[tuple[str, ...], str], int]] = field(default_factory=list)

    def does(self, name: str, *words: str, **environment: Any) -> Ended:
        """Run a command as the step of this name."""
        self.steps[name] = self.scene.command_line.run(*words, **environment)
        return self.steps[name]

    def interrupted(self, name: str, meanwhile: Callable[[], None], *words: str) -> None:
        """Encrypt, and do something in between, when the backup is proven and no row sealed."""
        proven = Hold("event", "AFTER INSERT", "NEW.action = 'backup proven'")
        with self.scene.connect() as connection, holding(connection, proven) as held:
            process = self.scene.command_line.start("encrypt", "--json", *words)
            wait_until(lambda: held.has_come or process.poll() is not None)
            meanwhile()
            held.let_go()
            out, err = process.communicate(timeout=120)
        self.steps[name] = Ended(process.wait(), out, err)

    def enrols_late(self, key: int) -> None:
        """Let a user enrol anew, and another one come, if there is not."""
        with self.scene.connect() as connection:
            set_secret(connection, key, NEW)
            connection.execute(LATE, [USERS + 1, LATEST])

    def gets_in_the_way(self) -> None:
        """Let a user enrol anew, and somebody put a file where the late copy is to go."""
        self.enrols_late(4)
        (path,) = self.copies
        path.with_name(f"{FIELD}.late.reseal-backup").write_bytes(b"in the way")

    def opens(self, path: Path) -> None:
        """Read a copy with the library and the backup KEK."""
        environment = self.scene.command_line.environment
        file = open_backup(path, open_kek(environment["RESEAL_BACKUP_KEK"], environment))
        held = {key: secret.reveal() for key, secret in file}
        self.copied.append((path.name, held, path.stat().st_mode & 0o777))

    @property
    def copies(self) -> list[Path]:
        return sorted(self.scene.directory.rglob("*.reseal-backup"))

    @property
    def run_id(self) -> str:
        return self.steps["encrypt"].run_id


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


@pytest.fixture
def users(admin):
    return enrol_two(admin)


@pytest.fixture
def reseal(database: str, users, keys: dict[str, str], tmp_path: Path) -> CommandLine:
    return unserved(database, keys, tmp_path)


UNKNOWN_RUN = "00000000-0000-4000-8000-000000000000"
TO = "--backup-to"
WRONG = {
    "a password": (("encrypt", TO, f"sftp://ada:{SENTINEL}@host/x"), "has a password", 2),
    "a query": (("encrypt", TO, f"https://host/x?sig={SENTINEL}"), "has a query", 2),
    "a chain": (("encrypt", TO, f"zip://x::ftp://a:{SENTINEL}@h/x"), "one plain URL", 2),
    "nowhere": (("encrypt", TO, ""), "not empty", 2),
    "a file": (("encrypt", TO, "reseal.toml"), "nothing can be written to", 2),
    "read-only": (("encrypt", TO, "/proc/x"), "nothing can be written to", 2),
    "no protocol": (("encrypt", TO, "nowhere://x"), "nothing can be written to", 2),
    "no package": (("encrypt", TO, "s3://bucket/x"), "s3fs", 2),
    "no backup": (("encrypt", TO, "x", "--skip-backup"), "--skip-backup and --backup-to", 2),
    "no run to shred": (("backup", "shred"), "name one run, or pass --expired", 2),
    "two wishes": (("backup", "shred", UNKNOWN_RUN, "--expired"), "name one run, or pass", 2),
    "no database": (("backup", "shred", "--expired"), "there is no backup in this", 2),
    "no backups": (("backup", "prove", UNKNOWN_RUN), "there is no backup in this database", 2),
    "no file": (("backup", "prove", "none"), "none cannot be read: No such file", 1),
    "another file": (("backup", "prove", "reseal.toml"), "is not the header of a backup", 1),
    "no command": (("backup", "burn"), "'burn'", 2),
}


@pytest.mark.parametrize(("words", "says", "code"), WRONG.values(), ids=WRONG)
def test_wrong_use_is_told_in_one_sentence_and_changes_nothing(reseal, users, words, says, code):
    before, files = state(users), sorted(os.listdir(reseal.directory))  # noqa: PTH208

    ended = reseal.run(*words)
    if words[:2] == ("backup", "prove") and code == 1:
        ended = Ended(ended.code, ended.out, ended.err.splitlines(keepends=True)[-1])
    assert missing((says,), sentence(ended, code)) == []
    assert state(users) == before
    assert sorted(os.listdir(reseal.directory)) == files  # noqa: PTH208


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f'to = "sftp://ada:{SENTINEL}@host/x"', "has a password"),
        ('to = ""', "not empty"),
        ("to = 7", "to in [backup] must be a string"),
        ("kept_days = 0", "kept_days in [backup] must be a number of days from 1"),
        ("kept = 7", "unknown word 'kept' in [backup]; known: kept_days, to"),
        ('to = "/proc/x"', "nothing can be written to /proc/x"),
    ],
)
def test_a_fault_in_the_configuration_is_named(reseal, text, says):
    reseal.write_config(f"[backup]\n{text}\n" + described())

    assert says in sentence(reseal.run("encrypt"), 2)


def test_the_list_is_empty_before_the_first_run(reseal):
    ended = reseal.run("backup", "list", "--json")
    assert (ended.code, ended.document) == (0, {"backups": []})
    assert NOBODY in reseal.environment.values()


def test_a_file_is_not_proven_without_a_key(reseal):
    ended = reseal.run("backup", "prove", "x", RESEAL_BACKUP_KEK="")
    assert "RESEAL_BACKUP_KEK is not set" in sentence(ended, 2)
