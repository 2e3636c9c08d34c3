"""Bring a batch to an end: again after a passing fault, smaller, row by row, or quarantined."""

from collections.abc import Callable
from dataclasses import replace

from reseal.errors import ConnectionLost, RowRefused, Transient, Unreachable
from reseal.patience import Patience
from reseal.place import key_texts
from reseal.quarantine.trouble import SetAside, Trouble
from reseal.store.control import Request
from reseal.sweep.commit import Committed, commit
from reseal.sweep.job import Batch, Job
from reseal.sweep.span import Span
from reseal.sweep.tally import Tally, total
from reseal.sweep.turn import Turn
from reseal.sweep.write import Turned, TurnedRows

Plan = Callable[[Job, Span], Batch]


def settle(
    job: Job, make: Plan, span: Span, patience: Patience, attempt: int = 0, *, alone: bool = False
) -> Committed:
    """Commit a span's batch whatever it takes, or raise: a fault never counts as done.

    Every further try reads the rows again, so that a commit whose answer was lost shows as
    rows that are settled. `alone` writes each row in a transaction of its own.
    """
    try:
        if alone:
            return _row_by_row(job, make, span)
        # Where someone was in the way once, locks are taken first from then on.
        return commit(job, make(job, span), swiftly=attempt == 0)
    except RowRefused as refused:
        if alone:
            raise
        parts = _halves(span)
        alone = not parts
        job.decide(f"{refused}: again {'row by row' if alone else 'with half the rows'}")
    except Transient as fault:
        if attempt >= patience.tries:
            raise
        patience.wait(attempt)
        attempt += 1
        if isinstance(fault, ConnectionLost):
            attempt = _reconnect(job, patience, attempt)
        parts = _halves(span)
        job.decide(f"{fault}: again after a wait{', with half the rows' if parts else ''}")
    return _joined(
        [settle(job, make, part, patience, attempt, alone=alone) for part in parts or [span]]
    )


def _reconnect(job: Job, patience: Patience, attempt: int) -> int:
    """Connect again, however long the server takes to come back; return the next attempt."""
    while True:
        try:
            job.reconnect()
        except Unreachable:
            if attempt >= patience.tries:
                raise
        else:
            return attempt
        patience.wait(attempt)
        attempt += 1


def _halves(span: Span) -> list[Span]:
    return list(span.split((span.pages + 1) // 2)) if span.pages > 1 else []


def _joined(committed: list[Committed]) -> Committed:
    asked: Request | None = None
    for one in committed:
        asked = asked or one.request
    return Committed(total(one.tally for one in committed), asked)


def _row_by_row(job: Job, make: Plan, span: Span) -> Committed:
    batch = make(job, span)
    first = commit(job, replace(batch, turned=TurnedRows(), backup=[]))
    return _joined([first, *(_alone(job, batch, row) for row in batch.turned)])


def _alone(job: Job, batch: Batch, row: Turned) -> Committed:
    texts = key_texts(row.key)
    late = [kept for kept in batch.backup if kept.row_key == texts]
    alone = Batch(batch.span, TurnedRows.of([row]), Tally(), [], [], late)
    try:
        return commit(job, alone)
    except RowRefused as refused:
        recorded = _refused(job, batch.span, texts, refused)
    return commit(job, recorded)


def _refused(job: Job, span: Span, row_key: list[str], refused: RowRefused) -> Batch:
    """Return the batch that records a row which the database refuses."""
    state, constraint = refused.sqlstate, refused.constraint
    if job.assignment.turn is Turn.UNSEAL:
        # What keeps an original out is no trouble of sealing, which another run could end.
        at_fault = f"{state}, constraint {constraint}" if constraint else state
        left = [(row_key, f"refused by the database ({at_fault})" if state else str(refused))]
        return Batch(span, TurnedRows(), Tally(1, left_alone=1), [], left, [])
    reason = f"refused by the database ({state})" if state else str(refused)
    aside = [SetAside(row_key, Trouble.REFUSED, reason)]
    return Batch(span, TurnedRows(), Tally(1, quarantined=1), aside, [], [])
