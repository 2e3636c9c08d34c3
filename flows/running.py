"""Open what a run needs and hold its fields; however it ends, the record is written."""

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
from flows.ending import conclude_by, write_record
from flows.opening import Opening
from flows.options import Scope
from flows.pacing import pacing_of
from flows.prefect_lines import leave_out_traces
from flows.signals import stop_on_signals
from flows.window import need_open, policy_of
from reseal import logs, register
from reseal.about import about_run
from reseal.decision import Decision, now
from reseal.errors import ConfigurationError
from reseal.evidence.opening import Begun
from reseal.heeding import heeding
from reseal.modes import Effort, Mode, give_way
from reseal.result import RunResult
from reseal.settings import Settings
from reseal.store import ledger
from reseal.store.control import hold, hold_keys
from reseal.unexpected import scrubbed
from reseal.workers import open_workers
from tasks.run import Run, Watch, connect, under_way
from tasks.runners import runner_of
from tasks.table import prepare_schema
from tasks.target import settings_of

_log = logging.getLogger("reseal.run")


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
            conclude_by(run, scrubbed(error))
        finally:
            # The page's plots take as much memory as a worker, which has no more to do.
            run.working.close()
            write_record(run)


def _open(stack: ExitStack, flow_name: str, scope: Scope, mode: Mode) -> Run:
    settings = settings_of(scope.config, scope.target)
    opening = openings[-1] if openings else Opening.of(settings)
    how = opening.config.run.effort(mode).resting(opening.config.pace.rest)
    access = replace(opening.access, is_careful=how.is_careful)
    run_id, working = UUID(flow_run.id), stack.enter_context(ExitStack())
    runner = _runner(working, opening, how)
    give_way(mode)
    _set_up_lines(settings)
    stack.enter_context(about_run(run_id, flow_name))
    recording = opening.recording()
    store = connect(access, run_id)
    stack.callback(store.close)
    fields = opening.config.select(scope.fields)
    names, parameters = [field.name for field in fields], scope.model_dump(mode="json")
    begun = Begun(run_id, flow_name, mode.value)
    run = Run(
        run_id=run_id,
        settings=opening.settings,
        access=access,
        fields=fields,
        effort=how,
        store=store,
        workers=working.enter_context(open_workers(access, how.workers, how.reading_rest)),
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


def _set_up_lines(settings: Settings) -> None:
    # Prefect has set up lines of its own meanwhile.
    logs.set_up(settings.log)
    leave_out_traces()


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
