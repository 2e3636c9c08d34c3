"""Roll a run back: put the original where this run's value still stands, and nothing else."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from psycopg import sql

from reseal import cell
from reseal.backup.cipher import BackupCipher
from reseal.document import Leaf, NotADocument, escaped, pieces
from reseal.envelope import Envelope
from reseal.errors import EnvelopeError, UnknownKeyVersion, WillNotOpen
from reseal.keyring import FieldCipher
from reseal.original import Held, held, plain
from reseal.place import KeyPart
from reseal.secret import Secret
from reseal.shape import Shape
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.job import Batch, Job, key_texts
from reseal.sweep.rows import SNAPSHOT, is_empty
from reseal.sweep.span import Span
from reseal.sweep.tally import Tally
from reseal.sweep.write import Turned, TurnedRows
from reseal.verify import READ, backup_join

UNTOUCHED = """
SELECT count(*) FROM {heap} AS t {backup}
WHERE t.ctid >= %(first)s::tid AND t.ctid < %(after)s::tid AND ({where}) AND {empty}
  AND b.reseal_sealed IS NULL
"""

DISABLED = """
SELECT {texts} FROM {heap} AS t {backup}
WHERE t.ctid >= %(first)s::tid AND t.ctid < %(after)s::tid AND ({where}) AND {empty}
  AND b.reseal_sealed IS NOT NULL
"""

GONE = """
INSERT INTO {reseal}.left_alone (run_id, field, row_key, reason)
SELECT %(recorder)s, b.field, b.row_key,
       CASE WHEN EXISTS (SELECT FROM {table} AS t WHERE b.row_key = {texts})
            THEN 'no longer one of the field''s rows' ELSE 'deleted since' END
FROM {reseal}.backup AS b
WHERE b.run_id = %(run)s AND b.field = %(field)s
  AND NOT EXISTS (SELECT FROM {table} AS t WHERE b.row_key = {texts} AND ({where}))
ON CONFLICT DO NOTHING
"""

RE_ENROLLED = "enrolled anew since, in plaintext"
RE_ENROLLED_SEALED = "enrolled anew since, sealed"
APPLICATION = "sealed by the application, not by this run"
RESEALED = "resealed since under another key"
DISABLED_SINCE = "disabled since"
UNKNOWN = "sealed under a key that is not in the keyring"
UNREADABLE = "its original in the backup does not open"
UNCERTAIN = "an envelope does not open, and which original it had is not certain"


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
        restoring = Restoring(self, job.target, job.keyring.cipher(job.target.field.bound_name))
        turned: list[Turned] = []
        left: list[tuple[list[str], str]] = []
        settled = 0
        empty, disabled, rows = _read(job.store, job.target, self.run_id, span)
        for version, text, sealed, *key in rows:
            done = restoring.row(version, tuple(key), text, sealed)
            if isinstance(done, Turned):
                turned.append(done)
            elif done is None:
                settled += 1
            else:
                left.append((key_texts(tuple(key)), done))
        left += [(texts, DISABLED_SINCE) for texts in disabled]
        counted = empty + settled + len(left)
        rest = Tally(rows_read=counted, settled=settled, empty=empty, left_alone=len(left))
        return Batch(span, TurnedRows.of(turned), rest, [], left, [])


Originals = list[tuple[Secret, Held]]


@dataclass(frozen=True, slots=True)
class Restoring:
    """A restoration at work on one field: decide what each value in a row becomes."""

    restoration: Restoration
    target: Target
    cipher: FieldCipher

    def row(
        self, version: str, key: tuple[KeyPart, ...], text: str, sealed: bytes | None
    ) -> Turned | str | None:
        """Return the row to write, why it is left alone, or None where nothing is to do."""
        try:
            originals = self._originals(key, sealed)
        except WillNotOpen:
            # One damaged record must not keep every other row from being restored.
            return UNREADABLE
        try:
            leaves = cell.leaves(self.target, text)
        except NotADocument:
            return RE_ENROLLED if originals else None
        try:
            verdicts = [self._leaf(key, leaf, leaves, originals) for leaf in leaves]
        except EnvelopeError as error:
            return str(error)
        parts = [
            (leaf.start, leaf.end, verdict.text)
            for leaf, verdict in zip(leaves, verdicts, strict=True)
            if isinstance(verdict, Restored)
        ]
        if parts:
            return Turned(version, key, self._written(text, parts))
        if originals and all(cell.leaf_shape(self.target, leaf) is Shape.EMPTY for leaf in leaves):
            return DISABLED_SINCE
        return next((verdict for verdict in verdicts if isinstance(verdict, str)), None)

    def _written(self, text: str, parts: list[tuple[int, int, str]]) -> str:
        return pieces(len(text), parts) if self.target.is_document else parts[0][2]

    def _originals(self, key: tuple[KeyPart, ...], sealed: bytes | None) -> Originals:
        if sealed is None:
            return []
        return plain(self.target, held(self.target, self.restoration.backup, key, sealed))

    def _leaf(
        self, key: tuple[KeyPart, ...], leaf: Leaf, leaves: list[Leaf], originals: Originals
    ) -> "Restored | str | None":
        shape = cell.leaf_shape(self.target, leaf)
        if shape is Shape.EMPTY or leaf.text is None:
            return None
        if shape is not Shape.SEALED:
            is_same = not originals or _same(originals, self.target.column.secret(leaf.text))
            return None if is_same else RE_ENROLLED
        try:
            envelope = Envelope.parse(self.target.column.judged(leaf.text))
            current = self.cipher.open(self.target.field.bound_key(key), envelope)
        except UnknownKeyVersion:
            return UNKNOWN
        except EnvelopeError:
            return self._broken(leaf, leaves, originals)
        original = _same(originals, current)
        reason = self._newer(envelope, original, originals)
        if reason is not None and not self.restoration.unseal_newer:
            return reason
        return self._spelled(leaf, current, original)

    def _broken(self, leaf: Leaf, leaves: list[Leaf], originals: Originals) -> "Restored | str":
        # Nobody can read this value any more; the original is the latest known secret. Which of
        # several it was is certain only while there are as many as then.
        if len(leaves) != len(originals):
            return APPLICATION if not originals else UNCERTAIN
        return self._spelled(leaf, *originals[leaves.index(leaf)])

    def _newer(self, envelope: Envelope, original: Held | None, originals: Originals) -> str | None:
        if not originals:
            return APPLICATION
        if original is None:
            return RE_ENROLLED_SEALED
        return None if envelope.key_version in self.restoration.versions else RESEALED

    def _spelled(self, leaf: Leaf, secret: Secret, original: Held | None) -> "Restored":
        if original is not None and original.depth == leaf.depth:
            return Restored(original.spelling)
        return Restored(escaped(self.target.column.text(secret), leaf.depth))


class Restored(NamedTuple):
    """What to write in a value's place, as its document spells it."""

    text: str


def _same(originals: Originals, secret: Secret) -> Held | None:
    return next((value for one, value in originals if one.matches(secret)), None)


def record_gone(store: Store, target: Target, run_id: UUID, recorder: UUID) -> None:
    """List the rows of the backup that are no longer in the table, or in the field's part of it."""
    store.execute(
        GONE,
        {"recorder": recorder, "run": run_id, "field": target.field.name},
        table=target.table,
        texts=target.key_texts,
        where=target.where,
    )


def _read(
    store: Store, target: Target, run_id: UUID, span: Span
) -> tuple[int, list[list[str]], list[tuple[str, str, bytes | None, KeyPart]]]:
    parts = {
        "cell": target.cell,
        "key": target.key_values,
        "texts": target.key_texts,
        "heap": span.table(target),
        "where": target.where,
        "empty": is_empty(target),
        "original": sql.SQL("b.reseal_sealed"),
        "backup": backup_join(store, target, run_id),
    }
    with store.transaction():
        store.execute(SNAPSHOT)
        empty = store.need(UNTOUCHED, span.bounds, **parts)
        disabled = [texts for (texts,) in store.execute(DISABLED, span.bounds, **parts)]
        rows = store.execute(READ, span.bounds, **parts).fetchall()
    return empty[0], disabled, rows
