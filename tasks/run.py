"""The run that is under way in this process: what every task of it shares."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic, sleep
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from prefect import Task
from prefect.futures import PrefectFuture, wait
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from prefect.utilities.callables import get_call_parameters

from reseal.about import about, said
from reseal.access import Access
from reseal.audit.action import Action
from reseal.decision import Decision
from reseal.errors import Stopped
from reseal.evidence.directory import Evidence
from reseal.evidence.recording import Recording
from reseal.field import Field
from reseal.imprints import Imprints
from reseal.modes import Effort
from reseal.pacing.eta import Progress
from reseal.pacing.pacer import Pacer
from reseal.pacing.policy import PacePolicy
from reseal.posting import Posting
from reseal.result import FieldResult, RunResult
from reseal.settings import Settings
from reseal.store import event
from reseal.store.event import Event
from reseal.store.store import Store
from reseal.sweep.engine import Hands
from reseal.unexpected import scrubbed
from reseal.workers import Workers

_log = logging.getLogger("reseal.run")

Watch = Callable[[str, str, int, int], None]

Given = ParamSpec("Given")
Made = TypeVar("Made")

# Of a span that comes to its next batch boundary.
_BOUNDARY_SECONDS = 60


@dataclass
class Run:
    """Hold the connections, workers and results of one flow run.

    `store` belongs to the flow's own thread; span tasks use the workers only. `watch` is told
    of progress: stage, field, rows done, rows in all. `swept_since` has by field when the last
    pass began, once a whole pass has found nothing more to do, and `unshielded` why the shield
    does not stand. `imprints` are there while a validation opens envelopes. `storage` has
    by field what its table takes `before` and `after`, `decisions` what the pacing decided.
    `config` and `target` are as the run was given them, `runner` takes the tasks of spans, and
    `working` ends whoever works on them.
    """

    run_id: UUID
    settings: Settings
    access: Access
    fields: tuple[Field, ...]
    effort: Effort
    store: Store
    workers: Workers
    recording: Recording
    evidence: Evidence
    result: RunResult
    actor: str
    watch: Watch
    config: str | None = None
    target: str | None = None
    runner: TaskRunner[Any] = field(default_factory=ThreadPoolTaskRunner)
    working: ExitStack = field(default_factory=ExitStack)
    records: bool = False
    pace: PacePolicy = field(default_factory=PacePolicy)
    epochs: dict[str, int] = field(default_factory=dict)
    swept_since: dict[str, datetime] = field(default_factory=dict)
    written_before: dict[str, int] = field(default_factory=dict)
    storage: dict[str, dict[str, Any]] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    unshielded: dict[str, str] = field(default_factory=dict)
    imprints: Imprints | None = None
    progress: Progress = field(default_factory=Progress)
    pacer: Pacer | None = None

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage; wait before one while a person wants a pause.

        Raise Stopped instead of beginning one after a person said stop.
        """
        self.hands.wait()
        if self.workers.is_stopped:
            raise self.stopped(f"stopped before {name}; what was committed stands")
        began = monotonic()
        try:
            with about(stage=name):
                _log.info("stage begins")
                yield
        finally:
            seconds = monotonic() - began
            _log.info("stage %s ends after %.1f s", name, seconds)
            self.result.stages[name] = self.result.stages.get(name, 0.0) + seconds

    @property
    def hands(self) -> Hands:
        """What tells whoever works in this process to pause or stop."""
        workers = self.workers
        return Hands(
            stop=lambda: workers.is_stopped,
            pause=lambda: workers.is_paused or workers.valve.holds(),
            share=lambda: workers.valve.share,
            reading_rest=self.effort.reading_rest,
        )

    def stopped(self, how: str) -> Stopped:
        """Return that the run was stopped, how, and why, where that was not a person."""
        return Stopped("; ".join(filter(None, (self.workers.why_stopped, how))))

    def note(self, action: Action, **detail: Any) -> None:
        """Append an event to the audit log, once the run keeps records in the database."""
        if self.records:
            said = Event(self.run_id, self.actor, action, detail, self.run_id)
            event.append(self.store, said)

    def reconnect(self) -> None:
        """Open another connection in place of one that may be lost."""
        fresh = connect(self.access, self.run_id)
        self.store.close()
        self.store = fresh

    def close(self) -> None:
        """Close the connection that the run has now."""
        self.store.close()

    def rest(self, seconds: float) -> None:
        """Wait a little; raise Stopped where a person said stop meanwhile."""
        sleep(seconds)
        if self.workers.is_stopped:
            raise self.stopped("stopped while waiting; what was committed stands")

    def field_result(self, name: str) -> FieldResult:
        """Return the result of a field, begun at its first use."""
        return self.result.fields.setdefault(name, FieldResult())

    def pacing(self) -> dict[str, Any]:
        """Return how hard the run may work, and what made it work less hard, for the evidence."""
        return {
            "workers": self.effort.workers,
            "batch_rows": self.effort.pace.rows,
            "rests": self.effort.pace.rest,
            **(self.pacer.facts() if self.pacer else {}),
            "decisions": [decision.as_dict() for decision in self.decisions],
        }

    def submit(
        self,
        task: Task[Concatenate[Posting, Given], Made],
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> PrefectFuture[Made]:
        """Give the task of a span to the task runner, with what it must know of the run."""
        given = get_call_parameters(task.fn, (self.posting, *args), kwargs)
        future: PrefectFuture[Made] = self.runner.submit(task, given)
        return future

    @property
    def posting(self) -> Posting:
        """What a process elsewhere is told."""
        return Posting(
            self.run_id,
            self.config,
            self.target,
            self.access.config.sha256,
            self.effort,
            dict(self.epochs),
            said(),
        )

    @contextmanager
    def awaiting(self, futures: Sequence[PrefectFuture[Any]]) -> Iterator[Callable[[int], None]]:
        """Wait for spans; where one fails elsewhere, the others stop at their batch boundary.

        Tell what is yielded how many rows they looked at, where nobody else does.
        """
        if isinstance(self.runner, ThreadPoolTaskRunner):
            yield lambda _rows: None
            return
        valve = self.workers.valve
        valve.awaited_elsewhere = True
        try:
            yield valve.count_elsewhere
        except Exception as error:
            self.workers.stop()
            wait(list(futures), _BOUNDARY_SECONDS)
            # One that died takes the pool's futures along, while another is still in a batch.
            self.working.close()
            raise scrubbed(error) from None
        finally:
            valve.awaited_elsewhere = False


def connect(access: Access, run_id: UUID) -> Store:
    """Open the connection of a run, whose events are told apart by its id."""
    return replace(access.store(f"run {run_id}"), correlation=run_id)


_running: list[Run] = []


def current() -> Run:
    """Return the run that is under way in this process."""
    return _running[-1]


def here(run_id: UUID) -> Run | None:
    """Return the run where it is under way in this process."""
    return next((run for run in _running if run.run_id == run_id), None)


@contextmanager
def under_way(run: Run) -> Iterator[Run]:
    """Make a run the current one for the length of the block."""
    _running.append(run)
    try:
        yield run
    finally:
        _running.remove(run)
