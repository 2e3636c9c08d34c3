"""Look a stretch of many batches over at once: a later pass mostly finds nothing left to do."""

from dataclasses import dataclass
from typing import Self

from reseal.errors import Transient
from reseal.sweep.commit import Committed, commit
from reseal.sweep.job import Job
from reseal.sweep.plan import turn_rows
from reseal.sweep.rows import count
from reseal.sweep.span import Span
from reseal.sweep.tally import Tally

# A look locks no row and keeps none in memory, so that it may be longer than a batch.
BATCHES = 10


@dataclass(slots=True)
class Glances:
    """Look ahead where nothing is expected to be left; `due_from` is the first page to look at.

    A stretch where something is to be turned is not looked over again, but taken in batches.
    """

    job: Job
    is_hopeful: bool
    due_from: int = 0

    @classmethod
    def of(cls, job: Job) -> Self:
        """Begin a span: in the first pass, everything is expected to be left."""
        return cls(job, is_hopeful=job.assignment.pass_number > 1)

    def over(self, stretch: Span) -> Committed | None:
        """Commit a stretch of which nothing is to be turned, or return None."""
        if not self.is_hopeful or stretch.first < self.due_from:
            return None
        done = glance(self.job, stretch)
        if done is None:
            self.due_from = stretch.after
        return done

    def learn(self, tally: Tally) -> None:
        """Expect of what comes what was just seen."""
        self.is_hopeful = not tally.changed


def glance(job: Job, stretch: Span) -> Committed | None:
    """Commit the count of a stretch, or return None where one of its rows is to be turned."""
    if job.target.is_document:
        # Only its text tells what is to be done.
        return None
    try:
        reading = count(job.store, job.target, job.assignment.turn, job.keyring.active, stretch)
        return commit(job, turn_rows(job, stretch, reading)) if reading.is_idle else None
    except Transient:
        # Whatever is in the way, batch by batch it is waited for.
        return None
