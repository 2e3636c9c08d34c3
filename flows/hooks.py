"""What a run leaves behind that did not come to a good end, told on its page in the Prefect UI."""

from contextlib import suppress
from typing import Any

from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.client.schemas.objects import FlowRun, State

_CONSISTENT = (
    "Every batch that was committed stands, and nothing else of it: each row holds its original or "
    "an envelope that opens."
)

# By the name of the state, as it says more than the type.
_CONDITIONS = {
    "Refused": "Nothing was written. The evidence of the run is closed and says why.",
    "RolledBack": (
        "The originals stand again, but for what users enrolled since. The evidence of the run is "
        "closed and names what was left alone."
    ),
    "Failed": (
        f"{_CONSISTENT} The evidence of the run is closed, where it says so; else the next run "
        "closes it. The same deployment goes on from there."
    ),
    "Cancelled": (
        f"{_CONSISTENT} The run came to a batch boundary first, or was killed after 30 seconds; "
        "the next run of the same fields marks one that was killed as interrupted, closes its "
        "evidence and goes on from the rows as they are."
    ),
    "Crashed": (
        f"{_CONSISTENT} The process vanished and its evidence is open; the database lets no late "
        "statement of it write. The next run of the same fields marks it as interrupted, closes "
        "its evidence and goes on from the rows as they are."
    ),
}


def tell_condition(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Show in which condition the database and the evidence are."""
    # A view that cannot be shown changes nothing of what it shows.
    with suppress(Exception), get_client(sync_client=True) as client:
        client.create_artifact(
            ArtifactCreate(
                key="condition",
                type="markdown",
                description=f"What {flow.name} has left behind",
                data=condition(state),
                flow_run_id=flow_run.id,
            )
        )


def condition(state: State[Any]) -> str:
    """Return the sentences for a state."""
    said = _CONDITIONS.get(state.name or "") or _CONDITIONS[state.type.value.capitalize()]
    return f"# {state.name}\n\n{said}\n"


HOOKS: dict[str, Any] = {
    "on_failure": [tell_condition],
    "on_cancellation": [tell_condition],
    "on_crashed": [tell_condition],
}
