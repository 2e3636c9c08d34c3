"""Put artifacts on a run's page, all over one client: to make one takes longer than to send."""

from functools import cache
from typing import Any
from uuid import UUID

from prefect.artifacts import Artifact
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.settings import PREFECT_API_URL
from prefect.utilities.context import get_task_and_flow_run_ids


def publish(artifact: Artifact) -> UUID:
    """Show an artifact on the page of the run that is under way, and return its id."""
    task_run_id, flow_run_id = get_task_and_flow_run_ids()
    # Which of the two that Prefect has under this name it is, is its own affair.
    formatted: Any = artifact.format
    made = ArtifactCreate(
        type=artifact.type,
        key=artifact.key,
        description=artifact.description,
        data=formatted(_sync=True),
        task_run_id=task_run_id,
        flow_run_id=flow_run_id,
    )
    return _client(PREFECT_API_URL.value()).create_artifact(made).id


def move(bar: UUID, percent: float) -> None:
    """Move a progress bar that was published."""
    _client(PREFECT_API_URL.value()).update_artifact(bar, ArtifactUpdate(data=percent))


@cache
def _client(_api_url: str | None) -> SyncPrefectClient:
    return get_client(sync_client=True)
