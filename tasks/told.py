"""How a run that another process did has ended, as Prefect tells of it."""

import json
import re
from collections.abc import Iterator
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterKey,
)
from prefect.client.schemas.objects import FlowRun, StateType

from reseal.errors import ConfigurationError, ResealError, ShelfUnreachable, Unreachable
from reseal.fleet import TargetResult
from reseal.outcome import Outcome
from tasks.links import run_page

# By the name of the state, as it says more than the type.
_BY_NAME = {
    "Partial": Outcome.PARTIAL,
    "Refused": Outcome.REFUSED,
    "RolledBack": Outcome.ROLLED_BACK,
}
_BY_TYPE = {
    StateType.COMPLETED: Outcome.DONE,
    StateType.CANCELLED: Outcome.STOPPED,
}

# What Prefect makes of an exception, and of a run beside which another one is at work.
_RAISED = re.compile(r".*encountered an exception: (?P<kind>\w+): (?P<said>.*)", re.DOTALL)
_COLLISION = "Deployment concurrency limit reached."

_BUSY = "another run of its deployment is at work, or was when its worker died; the next one may go"


def result_of(client: SyncPrefectClient, target: str, run: FlowRun) -> TargetResult:
    """Return what a run of a target came to, or that it is still at work."""
    outcome, message, not_begun = ended_as(run)
    return TargetResult(
        target,
        outcome,
        message,
        rows=_rows_written(client, run.id),
        seconds=run.total_run_time.total_seconds(),
        run_id=run.id,
        page=run_page(run.id),
        not_begun=not_begun,
    )


def found_no_place(run: FlowRun) -> bool:
    """Say whether Prefect did not begin a run, as the places of its deployment were taken."""
    return run.state is not None and run.state.message == _COLLISION


def ended_as(run: FlowRun) -> tuple[Outcome, str, bool]:
    """Return outcome and message, and whether the run raised before it touched anything."""
    state = run.state
    if state is None or not state.is_final():
        return Outcome.STOPPED, "was told to stop and is about to; its own record says how", False
    said = state.message or ""
    if found_no_place(run):
        return Outcome.REFUSED, _BUSY, False
    raised = _RAISED.fullmatch(said)
    if raised:
        return Outcome.FAILED, raised["said"], raised["kind"] in _NOT_BEGUN
    outcome = _BY_NAME.get(state.name or "") or _BY_TYPE.get(state.type, Outcome.FAILED)
    return outcome, said or f"ended as {state.name}", False


def _rows_written(client: SyncPrefectClient, run_id: UUID) -> int | None:
    of_run = ArtifactFilter(
        flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]), key=ArtifactFilterKey(any_=["census"])
    )
    tables = [json.loads(str(one.data)) for one in client.read_artifacts(artifact_filter=of_run)]
    written = [row["changed"] for table in tables for row in table if "changed" in row]
    return sum(written) if written else None


def _names(kind: type[ResealError]) -> Iterator[str]:
    yield kind.__name__
    for below in kind.__subclasses__():
        yield from _names(below)


# Those for which the command ends with exit code 2.
_NOT_BEGUN = {
    name for kind in (ConfigurationError, Unreachable, ShelfUnreachable) for name in _names(kind)
}
