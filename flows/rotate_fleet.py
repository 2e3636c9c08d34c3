"""New data keys for several targets, each by its own run on whichever worker takes it."""

from collections.abc import Sequence
from threading import Event
from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture, as_completed
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

from flows.cancelling import heeding_prefect
from flows.fleet_targets import asked_of
from flows.names import named, of_several
from flows.options import FleetOptions
from flows.screen import say
from flows.signals import stop_on_signals
from flows.states import state_of
from reseal.fleet import FleetResult, TargetResult
from reseal.outcome import Outcome
from reseal.unexpected import scrubbed
from tasks.artifacts import publish_fleet
from tasks.fleet import Asked, rotate_target

# For the command line, which runs the flow itself.
results: list[FleetResult] = []


@flow(name="rotate_fleet", flow_run_name=named("rotate fleet", of_several), persist_result=False)
def rotate_fleet(options: FleetOptions = FleetOptions()) -> State[None]:
    """Rotate the keys of several targets, a few at a time; where one fails the others go on."""
    fleet, run_id, stop = asked_of(options.targets), UUID(flow_run.id), Event()
    with stop_on_signals(stop.set), heeding_prefect(run_id, stop.set):
        found = _rotated(fleet, options, stop)
    result = FleetResult(run_id, found)
    publish_fleet(result)
    results.append(result)
    return state_of(result)


def _rotated(fleet: Sequence[Asked], options: FleetOptions, stop: Event) -> list[TargetResult]:
    runner: ThreadPoolTaskRunner[TargetResult] = ThreadPoolTaskRunner(options.at_once)
    told = {"start_within": options.start_within, "stop": stop}
    futures: list[PrefectFuture[TargetResult]]
    with runner:
        futures = [runner.submit(rotate_target, {"asked": asked, **told}) for asked in fleet]
        for future in as_completed(futures):
            _say(future.result(raise_on_failure=False))
    return [_result(asked, future) for asked, future in zip(fleet, futures, strict=True)]


def _result(asked: Asked, future: PrefectFuture[TargetResult]) -> TargetResult:
    ended = future.result(raise_on_failure=False)
    if isinstance(ended, Exception):
        said = f"what became of it is not known: {scrubbed(ended)}"
        return TargetResult(asked.target, Outcome.FAILED, said)
    return ended


def _say(ended: object) -> None:
    if isinstance(ended, TargetResult):
        say(f"{ended.target}: {ended.outcome}; {ended.message}")
