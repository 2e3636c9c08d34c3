"""`reseal rotate`: a new key for every row, beside an application, after faults, or refused."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from reseal.envelope import Envelope
from reseal.evidence import differences
from tests.flows.rotations import (
    DAMAGED,
    ENROLLED,
    MORE_USERS,
    NEW_PLAINTEXT,
    NEW_SEALED,
    READY,
    SEALED_OLD,
    USERS,
    Story,
    enrolled,
    told_in_full,
    told_of_faults,
)
from tests.flows.scene import FIELD, Scene, Stored, together
from tests.flows.sentences import missing, sentence

pytestmark = pytest.mark.slow

STAGES = {
    "preflight", "count", "stage", "readers", "activate", "prepare", "backup", "reseal", "validate",
}  # fmt: skip


@pytest.fixture(scope="module")
def stories(make_scene: Callable[[], Scene]) -> list[Story]:
    full, faults = enrolled(make_scene(), MORE_USERS), enrolled(make_scene(), USERS)
    return together(lambda: told_in_full(full), lambda: told_of_faults(faults))


@pytest.fixture(scope="module")
def full(stories: list[Story]) -> Story:
    """The table whose rotations come to an end, one way or another."""
    return stories[0]


@pytest.fixture(scope="module")
def faults(stories: list[Story]) -> Story:
    """The table whose rotations are refused or fail."""
    return stories[1]


def now_has(story: Story) -> Stored:
    """What the users have after two of them enrolled anew."""
    return story.had | {ENROLLED: NEW_PLAINTEXT, SEALED_OLD: NEW_SEALED}


def test_every_row_is_under_the_new_key(full: Story) -> None:
    step = full.steps["live"]
    document, part = step.ended.document, step.ended.part(FIELD)
    assert (step.ended.code, document["outcome"], document["flow"]) == (0, "done", "rotate_keys")
    assert document["stages"].keys() == STAGES
    assert step.versions == {2}
    assert step.keys == {"1": "retiring", "2": "active"}
    assert part["before"]["sealed"] == {"1": len(full.had)}
    assert part["after"]["sealed"] == {"2": len(full.had)}
    assert part["after"]["plain"] == part["quarantined"] == 0
    assert part["changed"] == len(full.had)
    assert missing(("key 2 is active now", "retiring", "key 1"), step.said) == []


def test_every_secret_is_what_it_was_or_what_was_enrolled_meanwhile(full: Story) -> None:
    step = full.steps["live"]
    with full.scene.library() as (access, store):
        keyring = access.keyring(store)
        place = access.config.field(FIELD).place
        opened = {
            key: keyring.open(place((key,)), Envelope.parse(text)).reveal()
            for key, text in step.stored.items()
            if text
        }
    assert opened == now_has(full)


def test_the_audit_log_tells_who_was_ready_and_when_the_key_took_over(full: Story) -> None:
    live, assumed = full.details("readers ready")
    assert (live["key_version"], len(live["instances"]), live["assumed"]) == (2, 1, False)
    assert assumed == {"key_version": 3, "instances": [], "assumed": True}
    activated = [(d["key_version"], d["retiring"]) for d in full.details("key activated")]
    assert activated == [(2, [1]), (3, [1, 2])]


def test_the_record_is_complete_and_names_the_claim(full: Story) -> None:
    evidence = Path(full.steps["live"].ended.document["evidence"])
    assert differences(evidence) == []
    assert json.loads((evidence / "run.json").read_text()) == full.steps["live"].ended.document
    results = json.loads((evidence / f"expectations-{FIELD}" / "expectations.json").read_text())
    assert '"key_versions": [2]' in json.dumps(results)
    assert all(result["success"] for result in results["results"])
    artifacts = full.scene.of_run("artifacts", full.steps["live"].ended.run_id)
    assert {"preflight", "census", "summary"} <= {artifact["key"] for artifact in artifacts}


def test_a_second_rotation_that_is_killed_has_left_nothing_half_done(full: Story) -> None:
    step = full.steps["killed"]
    assert step.ended.code == -signal.SIGKILL
    assert step.keys == {"1": "retiring", "2": "retiring", "3": "active"}
    assert step.versions == {2, 3}


def test_the_next_run_goes_on_and_makes_no_other_key(full: Story) -> None:
    step = full.steps["gone on"]
    assert (step.ended.code, step.ended.document["outcome"]) == (0, "done"), step.said
    assert step.keys == full.steps["killed"].keys
    assert step.versions == {3}
    before = step.ended.part(FIELD)["before"]["sealed"]
    assert step.ended.part(FIELD)["changed"] == before["2"] < len(full.had)
    assert full.scene.opened() == now_has(full)
    assert "no key was made" in step.said
    assert full.details("rotation gone on with") == [{"key_version": 3, "retiring": [1, 2]}]
    assert step.ended.document["stages"].keys() == STAGES - {"stage", "readers", "activate"}


def test_a_rotation_cannot_be_rolled_back(full: Story) -> None:
    run_id = full.steps["live"].ended.run_id
    said = sentence(full.scene.command_line.run("rollback", run_id), 2)
    assert missing((run_id, "is a rotation", "reseal rotate"), said) == []
    assert full.scene.stored() == full.steps["gone on"].stored


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("no reader", ("no application has reported", "vault.heartbeat()", READY)),
        ("no rights", ("preflight refused", "rights", "GRANT")),
    ],
)
def test_a_refusal_stages_nothing_and_changes_no_row(
    faults: Story, name: str, says: tuple[str, ...]
) -> None:
    step = faults.steps[name]
    assert (step.ended.code, step.ended.document["outcome"]) == (3, "refused")
    assert missing(says, step.said) == []
    assert step.keys == {"1": "active"}
    assert step.versions == {1}


def test_a_key_that_nobody_became_ready_for_stays_staged_and_is_taken_up(full: Story) -> None:
    step = full.steps["dying reader"]
    assert (step.ended.code, step.keys) == (3, {"1": "active", "2": "staged"})
    assert (step.versions, step.ended.part(FIELD)["changed"]) == ({1}, 0)
    assert "key 2 stays staged" in step.said
    staged = [(d["key_version"], d["taken_up"]) for d in full.details("key staged")]
    assert staged == [(2, False), (2, True), (3, False)]


def test_a_rotation_that_changes_no_row_has_failed(faults: Story) -> None:
    step = faults.steps["deaf"]
    assert (step.ended.code, step.ended.document["outcome"]) == (1, "failed")
    assert step.ended.part(FIELD)["changed"] == 0
    promise = f"the census promised {len(faults.had)} rows of {FIELD} and none was changed"
    assert missing((promise, f"{len(faults.had)} under an old key"), step.said) == []
    assert (step.versions, step.stored) == ({1}, faults.steps["no reader"].stored)
    assert step.keys == {"1": "retiring", "2": "active"}


def test_an_envelope_that_does_not_open_fails_the_run_and_the_old_key_stays(faults: Story) -> None:
    step = faults.steps["damaged"]
    assert (step.ended.code, step.ended.document["outcome"]) == (1, "failed")
    said = (f"1 envelopes of {FIELD} are broken", "unfinished", "retiring", "key 1")
    assert missing(said, step.said) == []
    assert step.keys == faults.steps["deaf"].keys
    named = step.ended.part(FIELD)["rows_set_aside"]
    assert named == [{"key": [str(DAMAGED)], "reason": "WillNotOpen"}]
    sealed = {key: text for key, text in step.stored.items() if text}
    still_old = {key for key, text in sealed.items() if Envelope.parse(text).key_version == 1}
    assert still_old == {DAMAGED}
