"""Try the quarantined rows of one field again, on the pages where they stand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import sleep

from reseal import cell
from reseal.access import Access
from reseal.audit.action import Action
from reseal.backup import table, take
from reseal.backup.copies import Copying
from reseal.backup.location import Location
from reseal.errors import ResealError
from reseal.patience import Patience
from reseal.place import key_texts
from reseal.quarantine.judgement import Judgement, judge
from reseal.quarantine.log import Log
from reseal.quarantine.originals import Originals
from reseal.quarantine.standing import standing
from reseal.shape import Shape
from reseal.store.quarantine import Key
from reseal.store.store import Store
from reseal.sweep.job import Assignment, Batch, Job
from reseal.sweep.plan import turn_rows
from reseal.sweep.rows import Reading, Rows, read
from reseal.sweep.settle import settle
from reseal.sweep.span import Span
from reseal.sweep.tally import total
from reseal.sweep.turn import Turn

# A row that someone holds is waited for a little; nobody waits for a retry to end at night.
_MOST_PASSES = 5
_REST_SECONDS = 0.3


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
    log: Log
    name: str
    rows: frozenset[Key]

    @property
    def store(self) -> Store:
        """The run's own connection."""
        return self.log.store

    def carry_out(self, epoch: int) -> Judgement:
        """Turn what can be turned; return what became of every row.

        All is turned as a rotation does: plaintext is sealed, and an envelope that opens now goes
        under the active key, which is what it was set aside for. What a row holds tells the one
        from the other, whichever run had set it aside.
        """
        self._back_up()
        chosen = Chosen(self.rows)
        try:
            with self._job(epoch) as job:
                self._turn(job, chosen)
        finally:
            # What was sealed so far is copied whatever comes; the fault that came first is told.
            claims = self._copy_late()
        run_id = self.log.run_id
        judgement = judge(self.access, self.store, run_id, self.name, self.rows, chosen.had)
        return replace(judgement, failed_claims=claims)

    def _back_up(self) -> None:
        """Back up what stands in the rows, and prove that; so also its copy."""
        policy, kek = self.access.config.backup, self.access.backup_kek()
        with self.store.transaction():
            take.begin(self.store, self.log.run_id, self.name, kek, policy.kept_days)
            begun = {"kek": kek.uri, "kept_days": policy.kept_days}
            self.log.note(Action.BACKUP_BEGUN, field=self.name, **begun)
        covered = take.need_coverage(self.store, self.log.run_id, self.name, kek)
        target = self.access.target(self.store, self.name)
        originals = Originals(self.rows, covered)
        rows = originals.take(self.store, target)
        with self.store.transaction():
            proof = originals.prove(self.store, target, covered.cipher)
            self.log.note(Action.BACKUP_RESTORED, field=self.name, rows=proof.restored)
        copied = None
        if policy.to:
            copied = self._copying().copy(Location.parse(policy.to), originals.prove_copy)
        done = {"rows": rows, "compared": proof.compared, "copy": copied and copied.as_dict()}
        self.log.write(f"backup-{self.name}", done)
        self.log.note(Action.BACKUP_PROVEN, field=self.name, **done)

    def _copy_late(self) -> list[str]:
        """Write what came late beside the copy; return the claim that fails where it cannot be."""
        try:
            if not table.need(self.store, self.log.run_id, self.name).copies:
                return []
            copied = self._copying().copy_late()
        except ResealError as error:
            return [f"the copy of the backup of {self.name} holds what came late: {error}"]
        if copied:
            self.log.write(f"backup-late-{self.name}", copied.as_dict())
            self.log.note(Action.LATE_BACKUP_COPIED, field=self.name, copy=copied.as_dict())
        return []

    def _copying(self) -> Copying:
        target = self.access.target(self.store, self.name)
        return Copying(self.store, target, self.log.run_id, self.access.backup_kek())

    @contextmanager
    def _job(self, epoch: int) -> Iterator[Job]:
        job = self.access.job(Assignment(self.log.run_id, self.name, Turn.RESEAL, epoch))
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
