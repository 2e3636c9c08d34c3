"""Turn a span's rows in memory: plaintext lives here, between the cursor and the envelope."""

from collections import Counter

from reseal.backup.coverage import Kept
from reseal.quarantine.trouble import SetAside
from reseal.sweep.job import Batch, Job, key_texts
from reseal.sweep.rows import Reading, Row, read
from reseal.sweep.span import Span
from reseal.sweep.tally import Tally
from reseal.sweep.turning import Rest, Turning
from reseal.sweep.write import Turned


def plan(job: Job, span: Span) -> Batch:
    """Read a span and turn what the job's turn changes."""
    reading = read(job.store, job.target, job.assignment.turn, job.keyring.active, span)
    return turn_rows(job, span, reading)


def turn_rows(job: Job, span: Span, reading: Reading) -> Batch:
    """Turn what the job's turn changes among the rows of a span that were read."""
    turning = Turning.of(job)
    turned: list[Turned] = []
    quarantined: list[SetAside] = []
    backup: list[Kept] = []
    rests: Counter[Rest] = Counter()
    late = _late_versions(job, reading.rows)
    for row in reading.rows:
        done = turning.turn(row)
        if isinstance(done, Turned):
            turned.append(done)
            if row.version in late and turning.exposes(row):
                backup += _original(job, row)
        elif isinstance(done, Rest):
            rests[done] += 1
        else:
            quarantined.append(SetAside(key_texts(row.key), *done))
    rest = Tally(
        rows_read=reading.total - len(turned),
        settled=reading.settled + rests[Rest.SETTLED],
        empty=reading.empty + rests[Rest.EMPTY],
        quarantined=len(quarantined),
        left_alone=rests[Rest.LEFT_ALONE],
    )
    return Batch(span, turned, rest, quarantined, [], backup)


def _late_versions(job: Job, rows: list[Row]) -> frozenset[str]:
    """Return the versions of rows that the backup does not hold; a batch has few different ones."""
    covered = job.coverage
    if covered is None:
        return frozenset()
    return frozenset(one for one in {row.version for row in rows} if not covered.has(one))


def _original(job: Job, row: Row) -> list[Kept]:
    return [job.coverage.keep(key_texts(row.key), row.text)] if job.coverage else []
