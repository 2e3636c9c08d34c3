"""What a run has left behind is told for every way in which one ends badly."""

from uuid import uuid4

import pytest
from prefect.client.schemas.objects import State, StateType
from prefect.states import Cancelled, Crashed, Failed

from flows.hooks import condition
from flows.states import state_of
from reseal.outcome import Outcome
from reseal.result import RunResult


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (Failed(name="Refused"), "Nothing was written"),
        (Failed(name="RolledBack"), "originals stand again"),
        (Failed(), "goes on from there"),
        (Failed(name="TimedOut"), "goes on from there"),
        (Cancelled(), "batch boundary"),
        (Cancelled(name="Stopped"), "batch boundary"),
        (Crashed(), "marks it as interrupted"),
    ],
)
def test_a_condition_is_stated(state: State, said: str):
    assert said in condition(state)
    assert condition(state).startswith(f"# {state.name}")


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - {Outcome.DONE, Outcome.PARTIAL}))
def test_every_outcome_that_is_not_good_has_one(outcome: Outcome):
    state = state_of(RunResult(uuid4(), "encrypt_secrets", "safe", "evidence", outcome=outcome))

    assert state.type in (StateType.FAILED, StateType.CANCELLED)
    assert condition(state)
