"""What follows from a batch's own writes: only where it wrote does its original count.

A row that somebody else has written since it was read may hold an envelope of theirs, be it another
worker's, whose later original must not give way to the one that was read here.
"""

from reseal.backup.coverage import Kept
from reseal.backup.table import add_late
from reseal.place import key_texts
from reseal.store import application_seal
from reseal.sweep.job import Batch, Job
from reseal.sweep.turn import Turn
from reseal.sweep.write import TurnedRows, join

# A trigger of the application's that writes the row once more may do so in a subtransaction, whose
# number then stands in `xmin`; what stands is known by its random part.
WRITTEN = """
SELECT {texts} FROM {source} JOIN {heap} AS t ON {same_key}
WHERE t.xmin = pg_current_xact_id()::xid OR {stands} = v.value
"""


def enter(job: Job, batch: Batch, changed: int) -> None:
    """Back up late originals, and know the batch's rows again as a run's; `changed` were written.

    Call it in the transaction that wrote them.
    """
    if job.coverage is None or job.assignment.turn is Turn.UNSEAL or not changed:
        return
    late = batch.backup
    if late and changed < len(batch.turned):
        written = _written(job, batch)
        late = [kept for kept in late if tuple(kept.row_key) in written]
    add_late(job.store, job.assignment.run_id, job.assignment.field, late)
    _take_over(job, batch, late)


def _written(job: Job, batch: Batch) -> frozenset[tuple[str, ...]]:
    rows, parameters = join(job.target, batch.span, batch.turned)
    stands = job.target.column.read(job.target.stored)
    found = job.store.execute(
        WRITTEN, parameters, texts=job.target.key_texts, stands=stands, **rows
    )
    return frozenset(tuple(row_key) for (row_key,) in found)


def _take_over(job: Job, batch: Batch, late: list[Kept]) -> None:
    """Forget that an application had sealed rows which are sealed from their plaintext now."""
    field = job.assignment.field
    # Mostly there is none, and this is all that is asked.
    if not application_seal.exist(job.store, field):
        return
    turned = _from_plaintext(job, batch, late)
    if turned:
        rows, parameters = join(job.target, batch.span, turned)
        texts = job.target.key_texts
        application_seal.forget(job.store, field, parameters, texts=texts, **rows)


def _from_plaintext(job: Job, batch: Batch, late: list[Kept]) -> TurnedRows:
    if job.assignment.turn is Turn.SEAL:
        return batch.turned
    # What was resealed is the application's as before.
    exposed = {tuple(kept.row_key) for kept in late}
    return TurnedRows.of([row for row in batch.turned if tuple(key_texts(row.key)) in exposed])
