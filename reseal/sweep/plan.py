"""Plan a batch: read a span, turn its rows in memory, decide what becomes of each."""

from collections import Counter
from dataclasses import dataclass, field

from reseal.backup.coverage import Kept
from reseal.errors import EnvelopeError
from reseal.place import key_texts
from reseal.quarantine.trouble import SetAside
from reseal.sweep.job import Batch, Job
from reseal.sweep.rows import Reading, Rows, read
from reseal.sweep.span import Span
from reseal.sweep.tally import Tally
from reseal.sweep.together import turn_alike
from reseal.sweep.turning import Rest, Turning
from reseal.sweep.write import Turned, TurnedRows


def plan(job: Job, span: Span) -> Batch:
    """Read a span and turn what the job's turn changes."""
    reading = read(job.store, job.target, job.assignment.turn, job.keyring.active, span)
    return turn_rows(job, span, reading)


def turn_rows(job: Job, span: Span, reading: Reading) -> Batch:
    """Turn what the job's turn changes among the rows of a span that were read."""
    planning = Planning(job, Turning.of(job))
    try:
        alike, others = turn_alike(planning.turning, reading.rows)
    except EnvelopeError:
        # One of them is in trouble; each for itself shows which.
        alike, others = TurnedRows(), reading.rows
    planning.each(others)
    turned = alike + TurnedRows.of(planning.turned)
    rests = planning.rests
    rest = Tally(
        rows_read=reading.total - len(turned),
        settled=reading.settled + rests[Rest.SETTLED],
        empty=reading.empty + rests[Rest.EMPTY],
        quarantined=len(planning.quarantined),
        left_alone=rests[Rest.LEFT_ALONE],
    )
    backup = _late_originals(job, planning.turning, reading.rows, turned)
    return Batch(span, turned, rest, planning.quarantined, [], backup)


@dataclass(slots=True)
class Planning:
    """A batch that is being planned: what becomes of the rows that are turned one by one."""

    job: Job
    turning: Turning
    turned: list[Turned] = field(default_factory=list)
    quarantined: list[SetAside] = field(default_factory=list)
    rests: Counter[Rest] = field(default_factory=Counter)

    def each(self, rows: Rows) -> None:
        """Turn rows one by one."""
        for row in rows:
            done = self.turning.turn(row)
            if isinstance(done, Turned):
                self.turned.append(done)
            elif isinstance(done, Rest):
                self.rests[done] += 1
            else:
                self.quarantined.append(SetAside(key_texts(row.key), *done))


def _late_originals(job: Job, turning: Turning, rows: Rows, turned: TurnedRows) -> list[Kept]:
    """Seal the originals that the backup does not hold, of the rows that are turned."""
    covered = job.coverage
    if covered is None or not (late := covered.late_among(rows.versions)):
        return []
    keys = set(turned.keys)
    due = [row for row in rows if row.version in late and row.key in keys and turning.exposes(row)]
    return covered.keep_all([key_texts(row.key) for row in due], [row.text for row in due])
