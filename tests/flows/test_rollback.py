"""`reseal rollback`: there and back again, refused in one sentence, stopped in between."""

import csv
import json
import signal
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.chaos.hold import Hold, holding
from tests.flows.conftest import CommandLine, Ended
from tests.flows.scene import FIELD, Meanwhile, Scene, Stored, set_secret, wait_until
from tests.flows.sentences import sentence
from tests.flows.statements import OUTCOME

pytestmark = pytest.mark.slow

USERS = 200
LATER = 17
OLD, NEW = "JBSWY3DPEHPK3PXP", "GEZDGNBVGY3TQOJQ"
SHIELDS = "SELECT (count(*) > 0)::int FROM pg_trigger WHERE tgname LIKE 'reseal_shield%'"
GUARDS = "SELECT count(*) FROM pg_constraint WHERE conname LIKE 'reseal%sealed%'"
SHRED = "UPDATE reseal.backup_set SET wrapped = NULL WHERE run_id::text = %s RETURNING 1"


@dataclass
class Story:
    """What was done to one table, one command after the other, and what stood there then."""

    scene: Scene
    had: Stored
    ended: dict[str, Ended] = field(default_factory=dict)
    stored: dict[str, Stored] = field(default_factory=dict)
    standing: dict[str, tuple[int, int]] = field(default_factory=dict)

    def does(self, name: str, *words: str, elsewhere: CommandLine | None = None) -> Ended:
        """Run a command and look at the table, its guard and its shield."""
        command_line = elsewhere or self.scene.command_line
        ended = command_line.run(*words, "--json")
        self.ended[name], self.stored[name] = ended, self.scene.stored()
        self.standing[name] = (self.scene.ask(GUARDS), self.scene.ask(SHIELDS))
        return ended


@pytest.fixture(scope="module")
def story(make_scene: Callable[[], Scene]) -> Story:
    scene = make_scene()
    told = Story(scene, scene.enrol(OLD for _ in range(USERS)))
    first = told.does("sealed", "encrypt", "--guard")
    environment = scene.command_line.environment
    another = environment | {"TEST_BACKUP_KEK": environment["TEST_KEK"]}
    elsewhere = replace(scene.command_line, environment=another)
    told.does("under another key", "rollback", first.run_id, elsewhere=elsewhere)
    back = told.does("back", "rollback", first.run_id, "--safe")
    again = told.does("sealed again", "rollback", back.run_id)
    told.does("back before", "rollback", first.run_id)
    with scene.connect() as application:
        # As an application saves the whole row that it had read before.
        set_secret(application, 1, OLD)
        set_secret(application, LATER, NEW)
    told.stored["saved"] = scene.stored()
    told.does("back again", "rollback", again.run_id)
    scene.ask(SHRED, first.run_id)
    told.does("shredded", "rollback", first.run_id)
    return told


def test_under_another_backup_key_nothing_is_touched(story: Story) -> None:
    said = sentence(story.ended["under another key"], 2)
    run = story.ended["sealed"].run_id
    assert f"env:TEST_BACKUP_KEK does not open the backup of run {run}" in said
    assert "data key" not in said
    assert story.standing["under another key"] == story.standing["sealed"] == (1, 0)
    assert story.stored["under another key"] == story.stored["sealed"]


def test_what_a_later_run_has_sealed_is_not_the_first_runs_to_put_back(story: Story) -> None:
    before, run = story.ended["back before"], story.ended["sealed again"].run_id
    assert (before.code, before.part(FIELD)["restored"]) == (4, 0)
    assert (
        "was rolled back before, and nothing that stands is its own: "
        f"0 restored, {USERS} left alone (left-alone-{FIELD}.csv in the evidence says why)"
    ) in before.document["message"]
    reasons = {row["reason"] for row in before.part(FIELD)["rows_set_aside"]}
    assert reasons == {f"sealed since by run {run}: roll that one back first"}
    assert story.stored["back before"] == story.stored["sealed again"]
    assert story.standing["back before"] == story.standing["sealed again"]


def test_a_rollback_removes_the_guard_and_brings_everything_back(story: Story) -> None:
    assert (story.ended["sealed"].code, story.ended["back"].code) == (0, 0)
    assert story.standing["sealed"] == (1, 0)
    assert story.standing["back"] == (0, 0)
    assert story.stored["back"] == story.had
    assert story.ended["back"].document["mode"] == "safe"


def test_a_rollback_can_be_rolled_back(story: Story) -> None:
    again = story.ended["sealed again"]
    assert (again.code, again.document["outcome"]) == (0, "done")
    assert again.part(FIELD)["changed"] == USERS
    assert again.part(FIELD)["after"]["sealed"] == {"1": USERS}
    assert story.scene.ask(OUTCOME, story.ended["back"].run_id) == "rolled_back"
    stages = again.document["stages"]
    assert {"preflight", "prepare", "backup", "encrypt", "validate"} <= stages.keys()


def test_the_shield_stands_as_long_as_the_guard_does_not(story: Story) -> None:
    assert story.standing["sealed again"] == (0, 1)
    assert story.standing["back again"] == (0, 0)
    sealed, saved = story.stored["sealed again"], story.stored["saved"]
    assert saved[1] == sealed[1] != OLD
    assert saved[LATER] == NEW


def test_and_that_run_can_be_rolled_back_too(story: Story) -> None:
    back = story.ended["back again"]
    assert (back.code, back.part(FIELD)["restored"], back.part(FIELD)["left_alone"]) == (
        4, USERS - 1, 1,
    )  # fmt: skip
    assert story.stored["back again"] == story.had | {LATER: NEW}


def test_the_evidence_names_every_row_that_was_left_alone(story: Story) -> None:
    record = Path(story.ended["back again"].document["evidence"])
    with (record / f"left-alone-{FIELD}.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["id", "reason"], [str(LATER), "enrolled anew since, in plaintext"],
        ]  # fmt: skip
    listed = json.loads((record / "manifest.json").read_text())["sha256"]
    assert f"left-alone-{FIELD}.csv" in listed


def test_without_its_backup_a_run_cannot_be_rolled_back(story: Story) -> None:
    said = sentence(story.ended["shredded"], 3)
    assert "was shredded, so its originals are gone for good" in said
    assert story.stored["shredded"] == story.stored["back again"]


def test_a_run_that_is_stopped_before_its_rollback_says_how_to_go_on(make_scene):
    scene, meanwhile = make_scene(), Meanwhile()
    had = scene.enrol(OLD for _ in range(USERS))
    # The tables of the first run must be there for the hold to stand on.
    first = scene.command_line.run("encrypt", "--json")
    assert scene.command_line.run("rollback", first.run_id).code == 0
    validated = Hold("event", "AFTER INSERT", "NEW.action = 'validated'", lets_go=True)
    with scene.connect() as connection, holding(connection, validated) as held:
        process = scene.command_line.start("encrypt", "--json")
        with meanwhile.does(meanwhile.corrupts(scene, 1)):
            wait_until(lambda: held.has_come)
        process.send_signal(signal.SIGTERM)
        held.end()
        out, _ = process.communicate(timeout=60)

    document = json.loads(out)
    assert (process.returncode, document["outcome"]) == (6, "stopped")
    how = f"`reseal rollback {document['run_id']}` puts the originals back"
    assert document["message"].startswith(f"1 envelopes of {FIELD} are broken; stopped before")
    assert document["message"].endswith(how)
    assert scene.command_line.run("rollback", document["run_id"]).code == 0
    assert scene.stored() == had
