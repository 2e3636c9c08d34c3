"""Roll a run back: put the original where this run's value still stands, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self
from uuid import UUID

from reseal import cell
from reseal.backup.cipher import BackupCipher
from reseal.document import Leaf, NotADocument, escaped, pieces
from reseal.envelope import Envelope
from reseal.errors import EnvelopeError, UnknownKeyVersion, WillNotOpen
from reseal.keyring import FieldCipher
from reseal.original import Held, held, plain
from reseal.place import KeyPart, key_texts
from reseal.restore_rows import Row, read
from reseal.secret import Secret
from reseal.shape import Shape
from reseal.since import later_runs, written_by_nobody_else
from reseal.store import ledger
from reseal.store.catalog import Target
from reseal.store.quarantine import Key
from reseal.store.store import Store
from reseal.sweep.job import Batch, Job
from reseal.sweep.span import Span
from reseal.sweep.tally import Tally
from reseal.sweep.write import Turned, TurnedRows

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
NO_ORIGINAL = "does not open, and the backup has no original of it"
UNCERTAIN = "does not open, and which original it had is not certain"
WRITTEN_SINCE = "does not open, and was written since; its original is in the backup"
SEALED_SINCE = "sealed since by run {}: roll that one back first"
BROKEN_SINCE = WRITTEN_SINCE + " of run {}: roll that one back first"


@dataclass(frozen=True, slots=True)
class Restoration:
    """What a rollback knows of the run: its backup, the key versions it sealed under, the
    transactions in which it wrote, and the later runs, of which some are rolled back by now; and
    the wish to write the plaintext of newer envelopes too."""

    backup: BackupCipher
    versions: frozenset[int]
    written: frozenset[int]
    later: Mapping[UUID, bool]
    unseal_newer: bool = False

    @classmethod
    def of(cls, store: Store, backup: BackupCipher, *, unseal_newer: bool = False) -> Self:
        """Ask the ledger about the run that took this backup."""
        run = (store, backup.run_id, backup.name)
        versions, written = ledger.key_versions(*run), ledger.written_xids(*run)
        return cls(backup, versions, written, later_runs(*run), unseal_newer)

    def plan(self, job: Job, span: Span) -> Batch:
        """Read a span beside the backup and decide row by row what may be restored."""
        turned: list[Turned] = []
        left: list[tuple[list[str], str]] = []
        settled = 0
        later = list(self.later)
        empty, disabled, rows = read(job.store, job.target, self.backup.run_id, later, span)
        cipher = job.keyring.cipher(job.target.field.bound_name)
        restoring = Restoring(self, job.store, job.target, cipher, rows)
        for row in rows:
            done = restoring.row(row)
            if isinstance(done, Turned):
                turned.append(done)
            elif done is None:
                settled += 1
            else:
                left.append((key_texts(row.key), done))
        left += [(texts, DISABLED_SINCE) for texts in disabled]
        counted = empty + settled + len(left)
        rest = Tally(rows_read=counted, settled=settled, empty=empty, left_alone=len(left))
        return Batch(span, TurnedRows.of(turned), rest, [], left, [])


Original = tuple[Secret, Held]
Originals = list[Original]


@dataclass(slots=True)
class Restoring:
    """A restoration at work on the rows of a span that were read: decide what each becomes."""

    restoration: Restoration
    store: Store
    target: Target
    cipher: FieldCipher
    rows: list[Row]
    _untouched: set[Key] | None = None

    def row(self, row: Row) -> Turned | str | None:
        """Return the row to write, why it is left alone, or None where nothing is to do."""
        try:
            originals = self._originals(row.key, row.sealed)
        except WillNotOpen:
            # One damaged record must not keep every other row from being restored.
            return UNREADABLE
        try:
            leaves = cell.leaves(self.target, row.text)
        except NotADocument:
            return RE_ENROLLED if originals else None
        try:
            verdicts = [self._leaf(row, leaf, leaves, originals) for leaf in leaves]
        except EnvelopeError as error:
            return str(error)
        parts = [
            (leaf.start, leaf.end, verdict.text)
            for leaf, verdict in zip(leaves, verdicts, strict=True)
            if isinstance(verdict, Restored)
        ]
        if parts:
            return Turned(row.version, row.key, self._written(row.text, parts))
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
        self, row: Row, leaf: Leaf, leaves: list[Leaf], originals: Originals
    ) -> "Restored | str | None":
        shape = cell.leaf_shape(self.target, leaf)
        if shape is Shape.EMPTY or leaf.text is None:
            return None
        if shape is not Shape.SEALED:
            is_same = not originals or _same(originals, self.target.column.secret(leaf.text))
            return None if is_same else RE_ENROLLED
        envelope: Envelope | None = None
        try:
            envelope = Envelope.parse(self.target.column.judged(leaf.text))
            current = self.cipher.open(self.target.field.bound_key(row.key), envelope)
        except UnknownKeyVersion:
            return UNKNOWN
        except EnvelopeError:
            alone = leaves.index(leaf) if len(leaves) == len(originals) else None
            return self._broken(row, Broken(leaf, envelope, alone), originals)
        original = _same(originals, current)
        reason = self._newer(row, envelope, original, originals)
        if reason is not None and not self.restoration.unseal_newer:
            return reason
        return self._spelled(leaf, current, original)

    def _broken(self, row: Row, broken: "Broken", originals: Originals) -> "Restored | str":
        # Nobody can read this value any more. Its original goes back only where it surely is the
        # latest secret of this row: an envelope can have come from another row, or be a newer one.
        if not originals:
            return NO_ORIGINAL
        if row.later is not None:
            return BROKEN_SINCE.format(row.later)
        kept = self._resembled(broken.envelope, originals)
        if kept is None and not self._is_ours(row):
            return WRITTEN_SINCE
        if kept is None and broken.position is None:
            return UNCERTAIN
        kept = kept or originals[broken.position or 0]
        return self._spelled(broken.leaf, *kept)

    def _resembled(self, envelope: Envelope | None, originals: Originals) -> Original | None:
        if envelope is None:
            return None
        return next((one for one in originals if self.cipher.resembles(envelope, one[0])), None)

    def _is_ours(self, row: Row) -> bool:
        if int(row.version) in self.restoration.written:
            return True
        # Asked once for all, and only where something is broken.
        if self._untouched is None:
            run_id = self.restoration.backup.run_id
            keys = (tuple(key_texts(one.key)) for one in self.rows)
            self._untouched = written_by_nobody_else(self.store, self.target, run_id, keys)
        return tuple(key_texts(row.key)) in self._untouched

    def _newer(
        self, row: Row, envelope: Envelope, original: Held | None, originals: Originals
    ) -> str | None:
        if originals and original is None:
            return RE_ENROLLED_SEALED
        if row.later is not None and not self.restoration.later[row.later]:
            return SEALED_SINCE.format(row.later)
        if not originals:
            return APPLICATION
        return None if envelope.key_version in self.restoration.versions else RESEALED

    def _spelled(self, leaf: Leaf, secret: Secret, original: Held | None) -> "Restored":
        if original is not None and original.depth == leaf.depth:
            return Restored(original.spelling)
        return Restored(escaped(self.target.column.text(secret), leaf.depth))


class Broken(NamedTuple):
    """A value that does not open; `position` is that of its original, where they stand alike."""

    leaf: Leaf
    envelope: Envelope | None
    position: int | None


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
