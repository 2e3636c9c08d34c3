"""Let nobody load a data key any more, or erase it, once every gate is open."""

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.names import named
from flows.opening import Opening
from flows.options import RetireOptions
from reseal import logs
from reseal.about import about_run
from reseal.keys import Answer
from reseal.retirement import Wish
from tasks.gates import why_not
from tasks.retire import publish_gates, remove_key
from tasks.target import settings_of


@flow(name="retire_key", flow_run_name=named("retire key"), persist_result=False)
def retire_key(options: RetireOptions) -> State[None]:
    """Ask every gate of a data key; where one is closed, nothing changes."""
    settings = settings_of(options.config, options.target)
    logs.set_up(settings.log)
    opening = Opening.of(settings)
    wish = Wish(
        options.version, options.then, options.approved_by, assumed=options.assume_readers_ready
    )
    with about_run(UUID(flow_run.id), "retire_key"):
        answer = remove_key(opening.access, wish, opening.settings.actor)
        publish_gates(answer, wish.version)
    return _state(answer, wish)


def _state(answer: Answer, wish: Wish) -> State[None]:
    refusal = why_not(answer, wish)
    if refusal:
        return Failed(name="Refused", message=refusal)
    return Completed(message=f"key {wish.version} is {wish.then}")
