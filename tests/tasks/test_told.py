"""What Prefect tells of a run is taken for the outcome that the run itself had."""

from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Cancelled, Cancelling, Completed, Crashed, Failed

from flows.states import state_of
from reseal.outcome import Outcome
from reseal.result import RunResult
from tasks.told import ended_as

RAISED = "Flow run encountered an exception: {}: {}"
AWAY = "cannot connect to the database at db.internal:5432"


def run_in(state: State) -> FlowRun:
    return FlowRun(flow_id=uuid4(), state=state)


@pytest.mark.parametrize("outcome", Outcome)
def test_a_state_is_read_as_the_outcome_that_it_was_made_of(outcome: Outcome):
    result = RunResult(uuid4(), "rotate_keys", "safe", "", outcome=outcome, message="said so")

    assert ended_as(run_in(state_of(result))) == (outcome, "said so", False)


@pytest.mark.parametrize(
    ("state", "outcome", "said", "not_begun"),
    [
        (Failed(message=RAISED.format("Unreachable", AWAY)), Outcome.FAILED, AWAY, True),
        (Failed(message=RAISED.format("SettingsError", "no key")), Outcome.FAILED, "no key", True),
        (Failed(message=RAISED.format("Miscount", "2 of 3")), Outcome.FAILED, "2 of 3", False),
        (Crashed(message="status code: -9"), Outcome.FAILED, "status code: -9", False),
        (Crashed(), Outcome.FAILED, "ended as Crashed", False),
        (Cancelled(), Outcome.STOPPED, "ended as Cancelled", False),
        (Completed(), Outcome.DONE, "ended as Completed", False),
    ],
)
def test_what_it_raised_tells_whether_anything_was_touched(
    state: State, outcome: Outcome, said: str, not_begun: bool
):
    assert ended_as(run_in(state)) == (outcome, said, not_begun)


def test_a_run_that_prefect_did_not_begin_beside_another_was_refused():
    cancelled: State = Cancelled(message="Deployment concurrency limit reached.")

    assert ended_as(run_in(cancelled))[0] is Outcome.REFUSED


def test_a_run_that_is_still_on_its_way_to_its_boundary_is_not_said_to_have_ended():
    outcome, said, _ = ended_as(run_in(Cancelling()))

    assert (outcome, "its own record" in said) == (Outcome.STOPPED, True)
