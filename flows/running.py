"""Open what a run needs, and see to it that however it ends the record is written."""

import logging
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from prefect.runtime import flow_run
from prefect.task_runners import TaskRunner

from flows.cancelling import heeding_prefect
from flows.opening import Opening
from flows.options import Scope
from flows.pacing import pacing_of
from flows.prefect_lines import leave_out_traces
from flows.signals import stop_on_signals
from flows.window import need_open, policy_of
from reseal import logs, register
from reseal.about import about_run
from reseal.decision import Decision, now
from reseal.errors import (
    ConfigurationError,
    EvidenceNotWritten,
    FieldBusy,
    KekUnreachable,
    Refused,
    ResealError,
    ShelfUnreachable,
    Stopped,
    StoreError,
)
from reseal.evidence.opening import Begun
from reseal.heeding import heeding
from reseal.modes import Effort, Mode, give_way
from reseal.outcome import Outcome
from reseal.result import RunResult
from reseal.store import ledger
from reseal.store.control import hold, hold_keys
from reseal.unexpected import scrubbed
from reseal.workers import open_workers
from tasks import artifacts, links
from tasks.run import Run, Watch, under_way
from tasks.runners import runner_of
from tasks.scores import write_scores
from tasks.storage import measure_storage
from tasks.table import prepare_schema
from tasks.target import settings_of

_log = logging.getLogger("reseal.run")

_OUTCOMES: list[tuple[type[ResealError], Outcome]] = [
    (Refused, Outcome.REFUSED),
    (FieldBusy, Outcome.REFUSED),
    (Stopped, Outcome.STOPPED),
    (ResealError, Outcome.FAILED),
]


# What keeps a bundle, or signs it, and does not answer now, or has no room.
_LATER = (ShelfUnreachable, KekUnreachable, EvidenceNotWritten)


def _no_one(_stage: str, _field: str, _done: int, _total: int) -> None:
    """Watch nothing."""


# Set by the command line around a flow it runs itself: what it has opened and checked, who
# watches, and where results go.
openings: list[Opening] = []
watchers: list[Watch] = []
results: list[RunResult] = []


@contextmanager
def running(flow_name: str, scope: Scope, mode: Mode) -> Iterator[Run]:
    """Open a run; whatever is raised inside becomes its outcome, and the record is written."""
    with ExitStack() as stack:
        run = _open(stack, flow_name, scope, mode)
        try:
            with stop_on_signals(run.workers.stop, (signal.SIGTERM,)):
                yield run
        except ConfigurationError as error:
            run.result.message = str(error)
            raise
        except Exception as error:
            _conclude(run, scrubbed(error))
        finally:
            # The page's plots take as much memory as a worker, which has no more to do.
            run.working.close()
            _record(run)


def _open(stack: ExitStack, flow_name: str, scope: Scope, mode: Mode) -> Run:
    settings = settings_of(scope.config, scope.target)
    opening = openings[-1] if openings else Opening.of(settings)
    how = opening.config.run.effort(mode).resting(opening.config.pace.rest)
    run_id, working = UUID(flow_run.id), stack.enter_context(ExitStack())
    runner = _runner(working, opening, how)
    give_way(mode)
    # Prefect has set up lines of its own meanwhile.
    logs.set_up(settings.log)
    leave_out_traces()
    stack.enter_context(about_run(run_id, flow_name))
    recording = opening.recording(opening.settings.actor)
    store = replace(opening.access.store(f"run {run_id}"), correlation=run_id)
    stack.callback(store.close)
    fields = opening.config.select(scope.fields)
    names, parameters = [field.name for field in fields], scope.model_dump(mode="json")
    begun = Begun(run_id, flow_name, mode.value)
    run = Run(
        run_id=run_id,
        settings=opening.settings,
        access=opening.access,
        fields=fields,
        effort=how,
        store=store,
        workers=working.enter_context(open_workers(opening.access, how.workers, how.reading_rest)),
        recording=recording,
        evidence=recording.begin(store, begun, fields=names, parameters=parameters),
        result=RunResult(run_id, flow_name, mode.value, recording.where(run_id)),
        actor=opening.settings.actor,
        config=scope.config,
        target=scope.target,
        runner=runner,
        working=working,
        pace=policy_of(opening.config.pace, flow_name, scope.model_dump()),
        watch=watchers[-1] if watchers else _no_one,
    )
    # It may have another connection by then.
    stack.callback(run.close)
    results.append(run.result)
    stack.enter_context(under_way(run))
    _log.info("run begins in mode %s on %s", mode, ", ".join(names))
    return run


def _runner(working: ExitStack, opening: Opening, how: Effort) -> TaskRunner[Any]:
    policy = opening.config.run
    policy.need(is_embedded=opening.settings.embedded)
    return working.enter_context(runner_of(policy, how.workers))


@contextmanager
def holding(run: Run, *, keys: bool = False) -> Iterator[None]:
    """Hold every field of the run against other runners and begin to keep records.

    `keys` is for a run that changes which key is active: there is one at a time.
    """
    need_open(run.pace)
    prepare_schema()
    with ExitStack() as stack:
        if keys:
            stack.enter_context(hold_keys(run.store))
        for field in run.fields:
            run.epochs[field.name] = stack.enter_context(hold(run.store, field.name, run.run_id))
        names = tuple(field.name for field in run.fields)
        record = ledger.RunRecord(run.run_id, run.result.flow, run.result.mode, names, None)
        register.begin(run.store, record, run.actor, run.access.config.sha256)
        run.records = True
        stack.enter_context(pacing_of(run))
        stack.enter_context(_heeding(run))
        stack.enter_context(heeding_prefect(run.run_id, run.workers.stop))
        yield


def _heeding(run: Run) -> AbstractContextManager[None]:
    def tell(what: str) -> None:
        _log.info("%s", what)
        run.decisions.append(Decision(now(), what))

    purpose = f"heed {run.run_id}"
    return heeding(run.access, purpose, run.epochs, run.settings.state, run.workers, tell)


def conclude(run: Run, outcome: Outcome, message: str) -> None:
    """Say how the run ended."""
    run.result.outcome, run.result.message = outcome, message


def _conclude(run: Run, error: ResealError) -> None:
    outcome = next(outcome for kind, outcome in _OUTCOMES if isinstance(error, kind))
    conclude(run, outcome, str(error))


def close_ledger(run: Run) -> None:
    """Record in the database how the run ended; a run whose end is not recorded has failed.

    The evidence is written in any case, so a lost connection must not get in its way.
    """
    if not run.records or run.store.connection.closed:
        return
    try:
        said = run.result.outcome.value, run.result.message
        register.end(run.store, run.run_id, run.actor, *said)
    except StoreError as error:
        conclude(run, Outcome.FAILED, f"{run.result.message}; its end was not recorded: {error}")


def _record(run: Run) -> None:
    _log.info("run ends as %s: %s", run.result.outcome.value, run.result.message)
    _measure(run)
    close_ledger(run)
    _close_bundle(run)
    artifacts.publish_summary(run.result, links.place(run), links.pages(run))


def _measure(run: Run) -> None:
    try:
        measure_storage(run, "after")
        write_scores(run)
    except EvidenceNotWritten as error:
        conclude(run, Outcome.FAILED, f"{run.result.message}; its evidence is not whole: {error}")


def _close_bundle(run: Run) -> None:
    try:
        run.evidence.write("pacing", run.pacing())
        run.evidence.write("run", run.result.as_dict())
        closed = run.recording.end(run.evidence, run.store, notes=run.records)
    except Exception as error:
        is_kept = isinstance(error, _LATER) and run.evidence.directory.exists()
        later = "; the next run here closes it" if is_kept else ""
        said = f"{run.result.message}; its evidence is not closed: {scrubbed(error)}{later}"
        conclude(run, Outcome.FAILED, said)
        return
    run.result.evidence_head = closed.head.last.sha256
    if closed.page is not None:
        artifacts.publish_page(closed.page, links.place(run))
