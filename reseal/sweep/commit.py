"""Commit a batch: fence, rows, backup of late originals and checkpoint in one transaction."""

from typing import NamedTuple

from reseal.store import ledger, quarantine
from reseal.store.control import Request, fence
from reseal.sweep import own
from reseal.sweep.job import Batch, Job, begin_batch
from reseal.sweep.tally import Tally
from reseal.sweep.turn import Turn
from reseal.sweep.write import write


class Committed(NamedTuple):
    """What a committed batch came to, and what a person asked for meanwhile."""

    tally: Tally
    request: Request | None


def commit(job: Job, batch: Batch, *, swiftly: bool = False) -> Committed:
    """Write a batch all or nothing; raise Superseded where another runner owns the field."""
    run_id, field = job.assignment.run_id, job.assignment.field
    with job.store.transaction():
        begin_batch(job.store, job.target.field)
        asked = fence(job.store, field, job.assignment.epoch)
        written = _write(job, batch, swiftly=swiftly)
        tally = batch.rest + written
        # The original of whatever is written is safe first or in the same transaction.
        own.enter(job, batch, written.changed)
        quarantine.set_aside(job.store, run_id, field, batch.quarantined)
        ledger.leave_alone(job.store, run_id, field, batch.left_alone)
        ledger.record_batch(job.store, _checkpoint(job, batch, tally.checked()))
    # Those of a batch that was not committed are told with the next one.
    job.seals_told = job.keyring.seals
    return Committed(tally, asked)


def _write(job: Job, batch: Batch, *, swiftly: bool) -> Tally:
    if not batch.turned:
        return Tally()
    changed, held = write(
        job.store, job.target, job.assignment.turn, batch.span, batch.turned, swiftly=swiftly
    )
    return Tally(
        rows_read=len(batch.turned),
        changed=changed,
        locked=held,
        moved=len(batch.turned) - changed - held,
    )


def _checkpoint(job: Job, batch: Batch, tally: Tally) -> dict[str, object]:
    assignment = job.assignment
    return {
        "run_id": assignment.run_id,
        "field": assignment.field,
        "epoch": assignment.epoch,
        "turn": assignment.turn,
        "pass": assignment.pass_number,
        "heap": ".".join(batch.span.heap) if batch.span.heap else None,
        "first": batch.span.first,
        "after": batch.span.after,
        "version": None if assignment.turn is Turn.UNSEAL else job.keyring.active,
        "seals": job.keyring.seals - job.seals_told,
        **tally.as_dict(),
    }
