"""`reseal rotate`: a new key for every row, beside an application, after faults, or refused."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from reseal.envelope import Envelope
from tests.bundles import differences
from tests.flows.rotations import (
    DAMAGED,
    ENROLLED,
    MORE_USERS,
    NEW_PLAINTEXT,
    NEW_SEALED,
    READY,
    SEALED_OLD,
    USERS,
    Step,
    Story,
    enrolled,
    told_in_full,
    told_of_faults,
)
from tests.flows.scene import FIELD, Scene, Stored, together
from tests.flows.sentences import missing, sentence

pytestmark = pytest.mark.slow

STAGES = {
    "preflight", "count", "stage", "readers", "activate", "prepare", "backup", "expect", "reseal",
    "validate", "retire",
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
    live, assumed, _ = full.details("readers ready")
    assert (live["key_version"], len(live["instances"]), live["assumed"]) == (2, 1, False)
    assert assumed == {"key_version": 3, "instances": [], "late": [], "assumed": True}
    activated = [(d["key_version"], d["previous"]) for d in full.details("key activated")]
    assert activated == [(2, 1), (3, 2), (2, 3)]


def test_the_record_is_complete_and_names_the_claim(full: Story) -> None:
    evidence = Path(full.steps["live"].ended.document["evidence"])
    assert differences(evidence) == []
    document = full.steps["live"].ended.document
    said = json.loads((evidence / "run.json").read_text())
    assert {**said, "evidence_head": document["evidence_head"]} == document
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
    assert step.ended.document["stages"].keys() == STAGES - {"stage", "activate"}


def test_what_an_older_key_still_needs_stands_in_the_evidence(full: Story) -> None:
    evidence = Path(full.steps["gone on"].ended.document["evidence"])
    gates = json.loads((evidence / "retirement.json").read_text())
    assert gates.keys() == {"1", "2"}
    verdicts = {gate["name"]: gate["verdict"] for gate in gates["1"]}
    assert verdicts["last census"] == verdicts["census now"] == "pass"
    assert {verdicts[name] for name in ("reads", "backups", "base backups", "approval")} == {"fail"}
    stated = json.loads((evidence / "before-retirement.json").read_text())
    holds = {claim["sentence"]: claim["success"] for claim in stated["claims"]}
    assert holds["Nothing is under the retiring keys (1, 2)."]
    assert not holds["No backup that is kept needs the retiring keys (1, 2)."]


def test_only_the_last_change_of_key_is_rolled_back(full: Story) -> None:
    step = full.steps["not the last"]
    said = sentence(step.ended, 3)
    assert missing(("key 2", "is retiring", "another change of key came after it"), said) == []
    assert (step.keys, step.stored) == (full.steps["gone on"].keys, full.steps["gone on"].stored)


def test_a_rotation_is_rolled_back_by_letting_the_key_before_it_take_over(full: Story) -> None:
    step = full.steps["rolled back"]
    assert (step.ended.code, step.ended.document["outcome"]) == (0, "done"), step.said
    assert step.keys == {"1": "retiring", "2": "active", "3": "retiring"}
    assert step.versions == {2}
    assert "expect" not in step.ended.document["stages"]
    part = step.ended.part(FIELD)
    assert part["restored"] == part["changed"] == len(full.had)
    assert full.scene.opened() == now_has(full)
    assert missing((full.steps["gone on"].ended.run_id, "rolled back", "key 2"), step.said) == []


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


def test_a_rotation_stops_before_its_first_row_where_something_is_not_true(faults: Story) -> None:
    step = faults.steps["not true"]
    assert (step.ended.code, step.ended.document["outcome"]) == (1, "failed")
    untrue = "The guard holds for every row, if it was ever raised and not taken off since."
    so = "No row was resealed, and key 2 stays active"
    assert step.said.startswith(f"not true of {FIELD}: {untrue} {so}: mend this and rotate again;")
    assert step.ended.document["stages"].keys() == STAGES - {"reseal", "validate", "retire"}
    assert (step.stored, step.versions) == (faults.steps["no reader"].stored, {1})
    assert step.keys == faults.steps["tripped"].keys == {"1": "retiring", "2": "active"}


def test_what_must_be_true_before_a_rotation_is_in_its_record(faults: Story, full: Story) -> None:
    held = stated(full, "gone on")
    assert (len(held), set(held.values())) == (9, {True})
    assert list(stated(faults, "not true").values()).count(False) == 1
    # In an emergency neither the readers nor the guard are asked for.
    assert len(stated(faults, "compromised")) == 7
    evidence = Path(faults.steps["not true"].ended.document["evidence"])
    assert (
        f"Claims about {FIELD} before a row is resealed" in (evidence / "report.html").read_text()
    )
    assert (evidence / f"expectations-before-{FIELD}" / "data_docs" / "index.html").is_file()


def stated(story: Story, name: str) -> dict[str, bool]:
    """What was stated before the rows of a step, and whether it was true, by the manifest."""
    evidence = Path(story.steps[name].ended.document["evidence"])
    told = json.loads((evidence / "manifest.json").read_text())["before_reseal"][FIELD]
    return {claim["sentence"]: claim["success"] for claim in told["claims"]}


def test_a_rotation_that_could_reseal_too_little_stops_and_is_taken_up_again(faults: Story) -> None:
    step = faults.steps["tripped"]
    assert (step.ended.code, step.ended.document["outcome"]) == (1, "failed")
    says = ("cannot be sealed, more than the 10%", "keeps the row from being written", "run again")
    assert missing(says, step.said) == []
    assert (step.versions, step.keys) == ({1}, {"1": "retiring", "2": "active"})
    assert faults.steps["deaf"].keys == step.keys


def test_a_rotation_that_changes_no_row_has_failed(faults: Story) -> None:
    step = faults.steps["deaf"]
    assert (step.ended.code, step.ended.document["outcome"]) == (1, "failed")
    assert step.ended.part(FIELD)["changed"] == 0
    promise = f"the census promised {len(faults.had)} rows of {FIELD} and none was changed"
    assert missing((promise, f"{len(faults.had)} under an old key"), step.said) == []
    assert (step.versions, step.stored) == ({1}, faults.steps["no reader"].stored)
    assert step.keys == {"1": "retiring", "2": "active"}


def test_an_envelope_that_was_damaged_before_is_set_aside_and_named(faults: Story) -> None:
    step = faults.steps["damaged"]
    assert (step.ended.code, step.ended.document["outcome"]) == (4, "partial"), step.said
    said = ("1 quarantined", "1 under an old key", "unfinished", "retiring", "key 1")
    assert missing(said, step.said) == []
    assert step.keys == faults.steps["deaf"].keys
    (named,) = step.ended.part(FIELD)["rows_set_aside"]
    assert named["key"] == [str(DAMAGED)]
    assert under(step, 1) == {DAMAGED}


def under(step: Step, version: int) -> set[int]:
    """The users whose envelopes are under a key version."""
    sealed = {key: text for key, text in step.stored.items() if text}
    return {key for key, text in sealed.items() if Envelope.parse(text).key_version == version}


def test_a_compromised_key_is_replaced_at_once_though_a_damaged_row_is_left(faults: Story) -> None:
    step = faults.steps["compromised"]
    assert (step.ended.code, step.ended.document["mode"]) == (4, "aggressive"), step.said
    assert step.keys == {"1": "retiring", "2": "retiring", "3": "active"}
    assert (under(step, 2), under(step, 1)) == (set(), {DAMAGED})
    assert (
        missing(("key 2 was compromised", "to enrol anew", "key 3 is active now"), step.said) == []
    )


def test_those_whom_a_compromised_key_exposed_are_listed_by_row_key_alone(faults: Story) -> None:
    step = faults.steps["compromised"]
    evidence = Path(step.ended.document["evidence"])
    assert differences(evidence) == []
    heading, *rows = (evidence / f"re-enrol-{FIELD}.csv").read_text().splitlines()
    assert heading == "id,why"
    assert rows[0].endswith(",is sealed under it")
    assert {int(row.split(",")[0]) for row in rows} == under(faults.steps["damaged"], 2)
    report = json.loads((evidence / "compromise.json").read_text())
    assert report["users_to_re_enrol"][FIELD]["is sealed under it"] == len(rows)
    assert len(report["not_cured"]) == 6


def test_a_compromised_key_never_seals_again(faults: Story) -> None:
    step = faults.steps["not trusted"]
    assert "key 2 was compromised and must not seal again" in sentence(step.ended, 3)
    assert step.stored == faults.steps["compromised"].stored
