"""The circuit breaker: a run that could seal too little stops, and goes on once that is decided."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.flows.conftest import BRISK, Ended
from tests.flows.scene import FIELD, Scene
from tests.flows.sentences import sentence
from tests.flows.test_stop import SLOW

pytestmark = pytest.mark.slow

USERS, STRANGERS = 14_000, 2_000
EACH = USERS // STRANGERS
SECRET = "JBSWY3DPEHPK3PXP"
# Each batch takes its time, so that there is one to be heard in.
WORD = "most_quarantined_percent"
LIMITED = BRISK.replace("[reseal]", f"[reseal]\n{WORD} = {{}}")


@dataclass(frozen=True)
class Story:
    """A table with strangers throughout, and the runs on it."""

    scene: Scene
    checked: Ended
    tripped: Ended
    sealed: int
    raised: Ended
    accepted: Ended
    listed: Ended


@pytest.fixture(scope="module")
def story(make_scene: Callable[[], Scene]) -> Story:
    """A run that stops; one with a higher limit; one with the limit and all accepted."""
    scene = make_scene()
    mixed = ["see the vault"] + [SECRET] * (EACH - 1)
    scene.enrol((mixed * STRANGERS + [SECRET] * USERS)[:USERS])
    run = scene.command_line.run
    checked = run("check", "--json")
    with scene.connect() as connection:
        connection.execute(SLOW)
        tripped = run("encrypt", "--safe", "--json")
        connection.execute("DROP TRIGGER slow ON users")
    sealed, listed = len(scene.sealed()), run("quarantine", "list", "--json")
    scene.command_line.write_config(LIMITED.format(20))
    raised = run("encrypt", "--aggressive", "--json")
    scene.command_line.write_config(LIMITED.format(0))
    run("quarantine", "accept", "--field", FIELD, "--all", "--approved-by", "Grace Hopper")
    accepted = run("encrypt", "--aggressive", "--json")
    return Story(scene, checked, tripped, sealed, raised, accepted, listed)


def test_preflight_foresees_it_and_refuses_nothing(story: Story) -> None:
    checks = story.checked.document["checks"]
    (check,) = [each for each in checks if each["name"] == "content: set aside"]
    assert story.checked.code == 0
    assert (check["verdict"], check["limit"]) == ("warn", f"at most {WORD}")
    assert check["value"].startswith(
        f"{STRANGERS} of {USERS} values seen in {FIELD} cannot be sealed"
    )
    assert WORD in check["remedy"]


def test_a_run_that_could_seal_too_little_fails_and_says_why(story: Story) -> None:
    ended, message = story.tripped, story.tripped.document["message"]
    assert (ended.code, ended.document["outcome"]) == (1, "failed"), ended.err
    assert re.match(rf"\d+ of \d+ values seen in {FIELD} cannot be sealed", message)
    for text in (
        f"more than the 10% that {WORD} in reseal.toml allows",
        "most often: not a secret in the field's format",
        "what was sealed stays",
        "reseal quarantine list",
        "run again",
    ):
        assert text in message


def test_it_stops_long_before_the_end_and_what_was_sealed_stays(story: Story) -> None:
    part = story.tripped.part(FIELD)
    assert part["changed"] == story.sealed == part["after"]["sealed"].get("1", 0)
    assert story.sealed < USERS - STRANGERS
    assert len(story.listed.document["rows"]) == part["quarantined"]
    assert 100 <= part["quarantined"] < STRANGERS
    assert "validate" not in story.tripped.document["stages"]


def test_with_a_higher_limit_the_same_command_goes_on_to_the_end(story: Story) -> None:
    part = story.raised.part(FIELD)
    assert (story.raised.code, story.raised.document["outcome"]) == (4, "partial")
    assert (part["quarantined"], part["accepted"]) == (STRANGERS, 0)
    assert story.sealed + part["changed"] == USERS - STRANGERS


def test_accepted_rows_do_not_count(story: Story) -> None:
    part = story.accepted.part(FIELD)
    assert (story.accepted.code, story.accepted.document["outcome"]) == (0, "done")
    assert (part["quarantined"], part["accepted"]) == (0, STRANGERS)


@pytest.mark.parametrize("percent", ["-1", "101", "true", "9.5", '"10"'])
def test_a_limit_that_is_none_is_told_in_one_sentence(command_line, percent: str) -> None:
    command_line.write_config(LIMITED.format(percent))
    said = sentence(command_line.run("check"), 2)

    assert f"{WORD} in [reseal] must be a whole number" in said
