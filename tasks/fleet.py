"""Have a worker rotate the keys of one target, and see what becomes of it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import inf
from threading import Event
from time import monotonic, sleep
from typing import Any, cast
from uuid import UUID, uuid4

from httpx import HTTPError
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import TERMINAL_STATES, FlowRun, StateType
from prefect.deployments import run_deployment
from prefect.states import Cancelling

from reseal.fleet import TargetResult
from reseal.outcome import Outcome
from tasks.step import step
from tasks.told import found_no_place, result_of

_LOOK_SECONDS = 2.0
_PLACE_SECONDS = 5.0
# Less than a worker gives the run of the fleet before it kills that.
_STOPPING_SECONDS = 20.0


@dataclass(frozen=True)
class Asked:
    """What a target is asked for: a run of its deployment, with the options of that."""

    target: str
    deployment: UUID
    options: dict[str, Any] = field(repr=False)


@step(name="rotate target", task_run_name="rotate {asked.target}")
def rotate_target(asked: Asked, start_within: int, stop: Event) -> TargetResult:
    """Ask for a run and wait for its end, or have it stop once `stop` is set.

    What no worker has begun after `start_within` seconds is taken back.
    """
    if stop.is_set():
        return TargetResult(asked.target, Outcome.STOPPED, "the fleet was stopped before its turn")
    run = _begun(asked, monotonic() + start_within, stop)
    is_late = not (_has_begun(run) or stop.is_set())
    run = run if is_late else _seen(run, _is_over, inf, stop)
    run = run if _is_over(run) else _stopped(run)
    with get_client(sync_client=True) as client:
        found = result_of(client, asked.target, run)
    return _not_begun(found, start_within) if is_late and not run.run_count else found


def _begun(asked: Asked, deadline: float, stop: Event) -> FlowRun:
    """Ask for a run and see it begin; once more where it met nobody but found no place.

    Prefect gives a place back only after minutes where whoever had it did not.
    """
    run = _seen(_begin(asked), _has_begun, deadline, stop)
    while found_no_place(run) and not _is_anyone_at_work(asked) and monotonic() < deadline:
        if stop.wait(_PLACE_SECONDS):
            break
        run = _seen(_begin(asked), _has_begun, deadline, stop)
    return run


def _begin(asked: Asked) -> FlowRun:
    given = {"options": asked.options}
    # A request that is sent again, as its answer was lost, must not be a second rotation.
    once = str(uuid4())
    begun = run_deployment(asked.deployment, parameters=given, timeout=0, idempotency_key=once)
    # Called from a task, which is synchronous, it is no coroutine.
    return cast("FlowRun", begun)


def _is_anyone_at_work(asked: Asked) -> bool:
    of_deployment = DeploymentFilter(id=DeploymentFilterId(any_=[asked.deployment]))
    unended = FlowRunFilterStateType(not_any_=[*TERMINAL_STATES, StateType.SCHEDULED])
    at_work = FlowRunFilter(state=FlowRunFilterState(type=unended))
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(
            deployment_filter=of_deployment, flow_run_filter=at_work, limit=1
        )
    return bool(found)


def _seen(run: FlowRun, is_so: Callable[[FlowRun], bool], deadline: float, stop: Event) -> FlowRun:
    """Look at a run until something is so, the time is over, or all is to stop."""
    while not (is_so(run) or stop.is_set()) and monotonic() < deadline:
        stop.wait(_LOOK_SECONDS)
        run = _looked_at(run)
    return run


def _stopped(run: FlowRun) -> FlowRun:
    """Have a run come to its next batch boundary; one that takes long is left on its way there."""
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run.id, Cancelling())
    deadline = monotonic() + _STOPPING_SECONDS
    while not _is_over(run := _looked_at(run)) and monotonic() < deadline:
        sleep(_LOOK_SECONDS)
    return run


def _looked_at(run: FlowRun) -> FlowRun:
    # A server that does not answer for a while has not ended the run.
    with suppress(HTTPError), get_client(sync_client=True) as client:
        return client.read_flow_run(run.id)
    return run


def _is_over(run: FlowRun) -> bool:
    return run.state is not None and run.state.is_final()


def _has_begun(run: FlowRun) -> bool:
    return run.run_count > 0 or _is_over(run)


def _not_begun(found: TargetResult, seconds: int) -> TargetResult:
    said = f"no worker began it within {seconds} seconds; start one for its work pool"
    return replace(found, outcome=Outcome.FAILED, message=said, not_begun=True)
