"""Try the quarantined rows of one field again, on the pages where they stand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import sleep
from uuid import UUID

from reseal import cell
from reseal.access import Access
from reseal.backup import take
from reseal.backup.coverage import Coverage
from reseal.patience import Patience
from reseal.quarantine.judgement import Judgement, judge
from reseal.quarantine.standing import standing
from reseal.shape import Shape
from reseal.store.quarantine import Key
from reseal.store.store import Store
from reseal.sweep.job import Assignment, Batch, Job, key_texts
from reseal.sweep.plan import turn_rows
from reseal.sweep.rows import Reading, Rows, read
from reseal.sweep.settle import settle
from reseal.sweep.span import Span
from reseal.sweep.tally import total
from reseal.sweep.turn import Turn

# A row that someone holds is waited for a little; nobody waits for a retry to end at night.
_MOST_PASSES = 5
_REST_SECONDS = 0.3


class NothingYet(Coverage):
    """A backup that begins without any row: every original is sealed with the row's write."""

    def has(self, version: str) -> bool:  # noqa: ARG002 - whatever version it is
        """Say that the row version is not in it."""
        return False


@dataclass(frozen=True, slots=True)
class Chosen:
    """Plan for the chosen rows of a span alone; `had` is what stood in those that were turned.

    The rows beside them on the page are nobody's wish now: the next run takes them.
    """

    rows: frozenset[Key]
    had: dict[Key, Shape] = field(default_factory=dict)

    def plan(self, job: Job, span: Span) -> Batch:
        """Read a span and turn what can be turned of the chosen rows."""
        reading = read(job.store, job.target, job.assignment.turn, job.keyring.active, span)
        rows = [row for row in reading.rows if tuple(key_texts(row.key)) in self.rows]
        for row in rows:
            shape = cell.state(job.target, row.text).shape
            self.had[tuple(key_texts(row.key))] = shape
        return turn_rows(job, span, Reading(len(rows), 0, 0, Rows.of(rows)))


@dataclass(frozen=True, slots=True)
class Attempt:
    """The chosen rows of a field, in the hands of a run that holds the field."""

    access: Access
    store: Store
    run_id: UUID
    name: str
    rows: frozenset[Key]

    def carry_out(self, epoch: int) -> Judgement:
        """Turn what can be turned; return what became of every row.

        All is turned as a rotation does: plaintext is sealed, and an envelope that opens now goes
        under the active key, which is what it was set aside for. What a row holds tells the one
        from the other, whichever run had set it aside.
        """
        take.begin(self.store, self.run_id, self.name, self.access.backup_kek())
        chosen = Chosen(self.rows)
        with self._job(epoch) as job:
            self._turn(job, chosen)
        return judge(self.access, self.store, self.run_id, self.name, self.rows, chosen.had)

    @contextmanager
    def _job(self, epoch: int) -> Iterator[Job]:
        job = self.access.job(Assignment(self.run_id, self.name, Turn.RESEAL, epoch))
        kek = self.access.backup_kek()
        covered = take.need_coverage(self.store, self.run_id, self.name, kek)
        job.coverage = NothingYet(covered.horizon, covered.cipher, covered.salt)
        try:
            yield job
        finally:
            job.store.close()

    def _turn(self, job: Job, chosen: Chosen) -> None:
        for number in range(_MOST_PASSES):
            spans = {
                row.span(job.target)
                for row in standing(self.store, job.target)
                if row.row_key in self.rows
            }
            done = total(
                settle(job, chosen.plan, span, Patience()).tally
                for span in sorted(spans, key=lambda span: (span.heap or ("", ""), span.first))
            )
            if not (done.locked or done.moved):
                return
            if number < _MOST_PASSES - 1:
                sleep(_REST_SECONDS)
