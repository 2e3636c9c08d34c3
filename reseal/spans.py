"""What a worker process does with a span: open once what it needs, then work."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from reseal.access import Access
from reseal.backup import take
from reseal.backup.prove import Proof, restore
from reseal.backup.share import Share
from reseal.restore import Restoration
from reseal.store import ledger, quarantine
from reseal.store.store import Store
from reseal.sweep.engine import Hands, SpanResult, sweep
from reseal.sweep.glance import Glances
from reseal.sweep.job import Assignment, Job
from reseal.sweep.pace import Pace
from reseal.sweep.plan import plan
from reseal.sweep.settle import Plan
from reseal.sweep.span import Span
from reseal.sweep.tally import Tally
from reseal.unexpected import scrubbing
from reseal.verify import Verification, verify

_log = logging.getLogger("reseal.sweep")


@dataclass
class Bench:
    """A process's open connection and the job it works at."""

    access: Access
    hands: Hands
    busy: Callable[[], AbstractContextManager[None]] = nullcontext
    job: Job | None = None
    _store: Store | None = field(default=None, repr=False)

    def store(self, purpose: str) -> Store:
        """Return this process's connection, opened again if it was lost."""
        if self._store is None or self._store.connection.closed:
            self._store = self.access.store(purpose)
        return self._store

    def job_for(self, assignment: Assignment) -> Job:
        """Return the job of this assignment; a job of another one is closed first."""
        if self.job is None or self.job.assignment != assignment:
            if self.job is not None:
                self.job.store.close()
            self.job = self.access.job(assignment)
        return self.job

    def close(self) -> None:
        """Close whatever connections there are."""
        for store in (self._store, self.job.store if self.job else None):
            if store is not None:
                store.close()


# A worker of Dask's may have several threads.
_bench: ContextVar[Bench] = ContextVar("reseal_bench")


def open_bench(
    access: Access, hands: Hands, busy: Callable[[], AbstractContextManager[None]]
) -> None:
    """Give this process what all its spans share; it is `busy` while it has one."""
    _bench.set(Bench(access, hands, busy))


@contextmanager
def bench(access: Access, hands: Hands) -> Iterator[None]:
    """Have what spans share for the length of the block, and leave no connection open."""
    made = Bench(access, hands)
    token = _bench.set(made)
    try:
        yield
    finally:
        _bench.reset(token)
        made.close()


@scrubbing
def sweep_span(assignment: Assignment, span: Span, pace: Pace) -> SpanResult:
    """Turn a span's rows as the assignment says."""
    return _swept(assignment, plan, span, pace, Glances.of)


@scrubbing
def restore_span(
    assignment: Assignment, rolled_back: UUID, span: Span, pace: Pace, newer: bool
) -> SpanResult:
    """Restore a span from the backup of the run that is rolled back."""
    at = _bench.get()
    store = at.store(f"run {assignment.run_id}")
    backup = take.cipher(store, rolled_back, assignment.field, at.access.backup_kek())
    restoration = Restoration.of(store, backup, unseal_newer=newer)
    return _swept(assignment, restoration.plan, span, pace)


@scrubbing
def back_up_span(run_id: UUID, name: str, span: Span) -> int:
    """Back up a span's originals and return how many."""
    at = _bench.get()
    store = at.store(f"run {run_id}")
    covered = take.need_coverage(store, run_id, name, at.access.backup_kek())
    target = at.access.target(store, name)
    with at.busy():
        return take.take(store, target, covered, span, at.hands)


@scrubbing
def restore_share(run_id: UUID, name: str, share: Share) -> Proof:
    """Restore a share of a field's backup and compare it with the table."""
    at = _bench.get()
    store = at.store(f"run {run_id}")
    backup = take.cipher(store, run_id, name, at.access.backup_kek())
    with at.hands.reading():
        return restore(store, at.access.target(store, name), backup, share)


@scrubbing
def verify_span(
    run_id: UUID | None, writer: UUID | None, name: str, span: Span, imprints: Path | None
) -> Verification:
    """Open a span's envelopes and compare them with a run's backup, if it has one.

    `writer` is the run that wrote them, where there is no backup; imprints of what opens go into
    the directory.
    """
    at = _bench.get()
    store = at.store("verify")
    target, keyring = at.access.target(store, name), at.access.keyring(store)
    original = at.access.original(store, run_id, name) if run_id else None
    written = ledger.written_xids(store, writer, name) if writer else None
    accepted = quarantine.accepted(store, name)
    with at.hands.reading():
        return verify(store, target, keyring, original, span, written, accepted, imprints)


def _swept(
    assignment: Assignment,
    make: Plan,
    span: Span,
    pace: Pace,
    glancing: Callable[[Job], Glances] | None = None,
) -> SpanResult:
    at = _bench.get()
    with at.busy():
        at.hands.wait()
        if at.hands.stop():
            # It was waiting its turn when someone said stop.
            return SpanResult(Tally(), stopped=True)
        job = at.job_for(assignment)
        glances = glancing(job) if glancing else None
        result = sweep(job, make, span, pace, at.hands, glances)
    _log.info("%s: %s", span, result.tally)
    return result
