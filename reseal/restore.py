"""Roll a run back: put the original where this run's value still stands, and nothing else."""

from dataclasses import dataclass
from uuid import UUID

from psycopg import sql

from reseal.backup.cipher import BackupCipher
from reseal.envelope import Envelope
from reseal.errors import EnvelopeError, UnknownKeyVersion, WillNotOpen
from reseal.keyring import FieldCipher
from reseal.place import KeyPart
from reseal.secret import Secret
from reseal.shape import Shape
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.job import Batch, Job, key_texts
from reseal.sweep.rows import SNAPSHOT, is_empty
from reseal.sweep.span import Span
from reseal.sweep.tally import Tally
from reseal.sweep.write import Turned
from reseal.verify import READ, backup_join

UNTOUCHED = """
SELECT count(*) FROM {table} AS t {backup}
WHERE t.ctid >= %(first)s::tid AND t.ctid < %(after)s::tid AND ({where}) AND {empty}
  AND b.reseal_sealed IS NULL
"""

DISABLED = """
SELECT {texts} FROM {table} AS t {backup}
WHERE t.ctid >= %(first)s::tid AND t.ctid < %(after)s::tid AND ({where}) AND {empty}
  AND b.reseal_sealed IS NOT NULL
"""

DELETED = """
INSERT INTO {reseal}.left_alone (run_id, field, row_key, reason)
SELECT %(recorder)s, b.field, b.row_key, 'deleted since'
FROM {reseal}.backup AS b
WHERE b.run_id = %(run)s AND b.field = %(field)s
  AND NOT EXISTS (SELECT FROM {table} AS t WHERE b.row_key = {texts})
ON CONFLICT DO NOTHING
"""

RE_ENROLLED = "enrolled anew since, in plaintext"
RE_ENROLLED_SEALED = "enrolled anew since, sealed"
APPLICATION = "sealed by the application, not by this run"
RESEALED = "resealed since under another key"
DISABLED_SINCE = "disabled since"
UNKNOWN = "sealed under a key that is not in the keyring"
UNREADABLE = "its original in the backup does not open"


@dataclass(frozen=True, slots=True)
class Restoration:
    """What a rollback knows: the run's backup, the key versions it sealed under, and the wish
    to write the plaintext of newer envelopes too."""

    run_id: UUID
    backup: BackupCipher
    versions: frozenset[int]
    unseal_newer: bool = False

    def plan(self, job: Job, span: Span) -> Batch:
        """Read a span beside the backup and decide row by row what may be restored."""
        cipher = job.keyring.cipher(job.target.field.name)
        turned: list[Turned] = []
        left: list[tuple[list[str], str]] = []
        settled = 0
        empty, disabled, rows = _read(job.store, job.target, self.run_id, span)
        for version, text, sealed, *key in rows:
            verdict = self._decide(job.target, cipher, tuple(key), text, sealed)
            if isinstance(verdict, Secret):
                turned.append(Turned(version, tuple(key), verdict.reveal()))
            elif verdict is None:
                settled += 1
            else:
                left.append((key_texts(tuple(key)), verdict))
        left += [(texts, DISABLED_SINCE) for texts in disabled]
        counted = empty + settled + len(left)
        rest = Tally(rows_read=counted, settled=settled, empty=empty, left_alone=len(left))
        return Batch(span, turned, rest, [], left, [])

    def _decide(
        self,
        target: Target,
        cipher: FieldCipher,
        key: tuple[KeyPart, ...],
        text: str,
        sealed: bytes | None,
    ) -> Secret | str | None:
        """Return what to write, why the row is left alone, or None where nothing is to do."""
        try:
            original = self.backup.open(key_texts(key), sealed) if sealed is not None else None
        except WillNotOpen:
            # One damaged record must not keep every other row from being restored.
            return UNREADABLE
        if target.field.shape(text) is not Shape.SEALED:
            is_same = original is None or original.matches(Secret(text))
            return None if is_same else RE_ENROLLED
        try:
            envelope = Envelope.parse(text)
            current = cipher.open(target.field.bound_key(key), envelope)
        except UnknownKeyVersion:
            return UNKNOWN
        except EnvelopeError:
            # Nobody can read this value any more; the original is the latest known secret.
            return original if original is not None else APPLICATION
        reason = self._newer(envelope, current, original)
        if reason is None or self.unseal_newer:
            return current
        return reason

    def _newer(self, envelope: Envelope, current: Secret, original: Secret | None) -> str | None:
        if original is None:
            return APPLICATION
        if not current.matches(original):
            return RE_ENROLLED_SEALED
        return None if envelope.key_version in self.versions else RESEALED


def record_deleted(store: Store, target: Target, run_id: UUID, recorder: UUID) -> None:
    """List the rows of the backup that are no longer in the table."""
    store.execute(
        DELETED,
        {"recorder": recorder, "run": run_id, "field": target.field.name},
        table=target.table,
        texts=target.key_texts,
    )


def _read(
    store: Store, target: Target, run_id: UUID, span: Span
) -> tuple[int, list[list[str]], list[tuple[str, str, bytes | None, KeyPart]]]:
    parts = {
        "secret": target.secret,
        "key": target.key_values,
        "texts": target.key_texts,
        "table": target.table,
        "where": target.where,
        "empty": is_empty(target.field, target.secret),
        "original": sql.SQL("b.reseal_sealed"),
        "backup": backup_join(store, target, run_id),
    }
    bounds = dict(zip(("first", "after"), span.bounds, strict=True))
    with store.transaction():
        store.execute(SNAPSHOT)
        empty = store.need(UNTOUCHED, bounds, **parts)
        disabled = [texts for (texts,) in store.execute(DISABLED, bounds, **parts)]
        rows = store.execute(READ, bounds, **parts).fetchall()
    return empty[0], disabled, rows
