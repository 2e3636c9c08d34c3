"""Look each minute at how well the database is, and call somebody where it is not."""

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from flows.names import named
from flows.opening import Opening
from flows.options import WatchOptions
from reseal import logs
from reseal.about import about_run
from reseal.health.watch import By
from tasks.health import Looked, look_at_health, show_health, tell_alerts
from tasks.target import settings_of


@flow(name="watch_health", flow_run_name=named("watch"), persist_result=False)
def watch_health(options: WatchOptions = WatchOptions()) -> State[None]:
    """Take one look at all fields; no row of a table is touched."""
    settings = settings_of(options.config, options.target)
    logs.set_up(settings.log)
    opening, run_id = Opening.of(settings), UUID(flow_run.id)
    by = By(opening.settings.actor, run_id)
    with about_run(run_id, "watch_health"):
        looked = look_at_health(opening.access, by)
        changes = tell_alerts(opening.access, by)
        show_health(opening.access, looked, by, changed=changes > 0)
    return Completed(message=_said(looked))


def _said(looked: Looked) -> str:
    score = looked.health.score
    told = "nothing could be measured" if score is None else f"health {score} of 100"
    raised = [f"{row.name} ({row.subject}): {row.sentence}" for row in looked.raised]
    return "; ".join([told, *raised])
