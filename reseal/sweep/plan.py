"""Turn a span's rows in memory: plaintext lives here, between the cursor and the envelope."""

from reseal.errors import EnvelopeError
from reseal.keyring import FieldCipher
from reseal.sweep.job import Batch, Job, key_texts
from reseal.sweep.rows import Row, read
from reseal.sweep.span import Span
from reseal.sweep.tally import Tally
from reseal.sweep.turn import RULES, TurnRule
from reseal.sweep.write import Turned

REASONS = {
    "foreign": "encrypted by another application",
    "unrecognised": "not a secret in the field's format",
}


def plan(job: Job, span: Span) -> Batch:
    """Read a span and turn what the job's turn changes."""
    target, turn = job.target, job.assignment.turn
    reading = read(job.store, target, turn, job.keyring.active, span)
    cipher, rule = job.keyring.cipher(target.field.name), RULES[turn]
    turned: list[Turned] = []
    quarantined: list[tuple[list[str], str]] = []
    backup: list[tuple[list[str], bytes]] = []
    left, late = 0, _late_versions(job, reading.rows)
    for row in reading.rows:
        done = _turn(job, cipher, rule, row)
        if isinstance(done, Turned):
            turned.append(done)
            if row.version in late:
                backup += _original(job, row)
        elif done is None:
            left += 1
        else:
            quarantined.append((key_texts(row.key), done))
    rest = Tally(
        rows_read=reading.total - len(turned),
        settled=reading.settled,
        empty=reading.empty,
        quarantined=len(quarantined),
        left_alone=left,
    )
    return Batch(span, turned, rest, quarantined, [], backup)


def _turn(job: Job, cipher: FieldCipher, rule: TurnRule, row: Row) -> Turned | str | None:
    """Return the turned row, or why it is quarantined, or None where it is not this turn's."""
    shape = job.target.field.shape(row.text)
    apply = rule.changes.get(shape)
    if apply is None:
        return REASONS[shape] if shape in rule.quarantines else None
    try:
        value = apply(cipher, job.target.field.bound_key(row.key), row.text)
    except EnvelopeError as error:
        return type(error).__name__
    return Turned(row.version, row.key, value)


def _late_versions(job: Job, rows: list[Row]) -> frozenset[str]:
    """Return the versions of rows that the backup does not hold; a batch has few different ones."""
    covered = job.coverage
    if covered is None:
        return frozenset()
    return frozenset(one for one in {row.version for row in rows} if not covered.has(one))


def _original(job: Job, row: Row) -> list[tuple[list[str], bytes]]:
    if job.coverage is None:
        return []
    texts = key_texts(row.key)
    return [(texts, job.coverage.seal(texts, row.text))]
