"""Asking before the very first run: no schema is made for a question, whatever the answer is."""

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.conftest import SENTINEL
from tests.flows.conftest import Ended
from tests.flows.scene import FIELD, Scene
from tests.flows.sentences import missing, sentence, state
from tests.flows.waiting import Waiting, all_end, all_wait, waits

pytestmark = pytest.mark.slow

USERS = 1200
RUNS: dict[str, tuple[str, ...]] = {
    "rejected": ("encrypt",),
    "interrupted": ("encrypt",),
    "cancelled": ("encrypt",),
    "late": ("encrypt", "--approval-timeout", "3"),
}
EVENTS = """
SELECT array_agg(action || ' ' || coalesce(detail ->> 'name', '') ORDER BY event_id)
FROM reseal.event WHERE run_id = %s AND action LIKE 'appr%%'
"""
ANSWER = "SELECT row_to_json(a) FROM reseal.approval AS a WHERE run_id = %s"


@dataclass(frozen=True)
class Nobody:
    """Runs that nobody let go on, how each ended, and the database before and after."""

    runs: dict[str, Waiting]
    ended: dict[str, Ended]
    described: str
    refused_form: str
    before: object
    after: object


@pytest.fixture(scope="module")
def scene(make_scene: Callable[[], Scene]) -> Scene:
    made = make_scene()
    made.enrol([SENTINEL] * USERS)
    return made


@pytest.fixture(scope="module")
def nobody(scene: Scene) -> Iterator[Nobody]:
    with scene.connect() as connection:
        before = state(connection)
        runs = all_wait(scene, RUNS)
        rejected, cancelled = runs["rejected"], runs["cancelled"].run_id
        described = rejected.description()
        refused_form = rejected.fills_in(approve=True, approver="  ")
        rejected.fills_in(approver="Ada Lovelace", reason="not\non a Friday")
        scene.api(f"flow_runs/{cancelled}/set_state", {"state": {"type": "CANCELLING"}})
        runs["interrupted"].process.send_signal(signal.SIGINT)
        ended = all_end(runs)
        yield Nobody(runs, ended, described, refused_form, before, state(connection))


def test_nothing_is_changed_where_nobody_lets_it(nobody: Nobody) -> None:
    assert nobody.after == nobody.before


SAYS = {
    "rejected": (3, "refused", "rejected by Ada Lovelace: not on a Friday; nothing was written"),
    "interrupted": (6, "stopped", "stopped while it waited for approval; nothing was written"),
    "cancelled": (6, "stopped", "stopped while it waited for approval (cancelling in Prefect)"),
    "late": (3, "refused", "nobody approved it until"),
}
DECISIONS = {
    "rejected": "rejected",
    "interrupted": "withdrawn",
    "cancelled": "withdrawn",
    "late": "timed out",
}


@pytest.mark.parametrize("name", SAYS)
def test_each_end_has_its_code_and_its_sentence(nobody: Nobody, name: str) -> None:
    ended, (code, outcome, says) = nobody.ended[name], SAYS[name]
    assert (ended.code, ended.document["outcome"]) == (code, outcome), ended.err
    assert ended.document["message"].startswith(says)
    states = {"refused": ("FAILED", "Refused"), "stopped": ("CANCELLED", "Stopped")}
    last = nobody.runs[name].state
    assert (last["type"], last["name"]) == states[outcome]


@pytest.mark.parametrize(("name", "decision"), DECISIONS.items(), ids=DECISIONS)
def test_the_evidence_says_who_decided_and_what_they_saw(
    nobody: Nobody, name: str, decision: str
) -> None:
    run = nobody.runs[name]
    answer, plan = run.written("approval"), run.written("approval-plan")
    assert (answer["decision"], answer["saw"]) == (decision, plan)
    of_a_person = name == "rejected"
    assert answer["name_is_self_declared"] == of_a_person
    assert (answer["name"], answer["by"]) == (
        ("Ada Lovelace", "prefect") if of_a_person else ("", None)
    )
    assert plan["fields"][FIELD]["to_write"] == USERS


def test_the_plan_is_shown_in_prefect_and_on_the_terminal(nobody: Nobody) -> None:
    run, ended = nobody.runs["rejected"], nobody.ended["rejected"]
    says = (f"Seal {USERS:,} secrets", "a first key is made", "Write-ahead log: about", "Risks:")
    assert missing(says, nobody.described) == missing(says, ended.err) == []
    assert f"reseal approve {run.run_id} --as NAME" in ended.err
    assert SENTINEL not in nobody.described + ended.err + str(run.written("approval"))


def test_a_form_without_a_name_is_not_accepted(nobody: Nobody) -> None:
    assert nobody.refused_form == "REJECT"


@dataclass(frozen=True)
class Approved:
    """A run that was approved from another shell, and the answer given again."""

    run: Waiting
    told: Ended
    ended: Ended
    again: Ended


@pytest.fixture(scope="module")
def approved(scene: Scene, nobody: Nobody) -> Approved:
    run = waits(scene, "approved", "encrypt")
    told = run.approve("--as", "Grace Hopper", "--reason", "seen", "--json")
    return Approved(run, told, run.ends(), run.approve("--as", "Eve"))


def test_from_another_shell_the_first_run_is_approved_by_its_form(approved: Approved) -> None:
    assert (approved.told.code, approved.told.document["through"]) == (0, "prefect")
    assert (approved.ended.code, approved.ended.part(FIELD)["changed"]) == (0, USERS)
    stages = list(approved.ended.document["stages"])
    assert stages[:3] == ["preflight", "approval", "prepare"]


def test_what_was_answered_before_there_was_a_schema_is_entered_in_it(
    approved: Approved, scene: Scene
) -> None:
    run_id = approved.run.run_id
    assert scene.ask(EVENTS, run_id) == ["approval asked ", "approved Grace Hopper"]
    answer, written = scene.ask(ANSWER, run_id), approved.run.written("approval")
    assert (answer["decision"], answer["name"]) == ("approved", "Grace Hopper")
    assert (answer["way"], answer["reason"]) == ("command", "seen")
    assert answer["plan"] == written["saw"]
    assert approved.run.written("manifest")["approval"] == written
    assert (written["by"], written["os_user"]) == ("command", answer["os_user"])
    assert written["os_user"] == written["asked_os_user"]


def test_a_second_answer_is_refused(approved: Approved) -> None:
    assert "was approved by Grace Hopper at" in sentence(approved.again, 2)
