"""Turn one row: the whole cell, or each leaf of the document that it is."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from reseal import cell
from reseal.document import Leaf, NotADocument, escaped, pieces
from reseal.envelope import Envelope
from reseal.errors import EnvelopeError
from reseal.foreign import describe_foreign
from reseal.keyring import FieldCipher
from reseal.place import KeyPart
from reseal.quarantine.trouble import SENTENCES, Trouble, trouble_of
from reseal.shape import Shape
from reseal.store.aside import fresh_mark
from reseal.store.catalog import Target
from reseal.sweep.job import Job
from reseal.sweep.rows import Row
from reseal.sweep.turn import RULES, Turn, TurnRule
from reseal.sweep.write import Turned

UNRECOGNISED = "not a secret in the field's format"


class Rest(StrEnum):
    """What becomes of a row that is neither written nor set aside."""

    SETTLED = "settled"
    EMPTY = "empty"
    LEFT_ALONE = "left_alone"


class Quarantined(NamedTuple):
    """What kind of trouble a row is in that is set aside, and the sentence about it."""

    trouble: Trouble
    reason: str


@dataclass(frozen=True, slots=True)
class Turning:
    """What turning a row takes: where it stands, the keys, and what the turn changes."""

    target: Target
    cipher: FieldCipher
    rule: TurnRule
    active: int
    unseals: bool

    @classmethod
    def of(cls, job: Job) -> "Turning":
        """Return how a job turns its rows."""
        cipher, turn = job.keyring.cipher(job.target.field.bound_name), job.assignment.turn
        unseals = turn is Turn.UNSEAL
        return cls(job.target, cipher, RULES[turn], job.keyring.active, unseals)

    def turn(self, row: Row) -> Turned | Rest | Quarantined:
        """Turn a row, or say what becomes of it."""
        key = self.target.field.bound_key(row.key)
        try:
            if self.target.is_document:
                return self._document(row, key)
            return self._whole(row, key)
        except EnvelopeError as error:
            trouble = trouble_of(error)
            return Quarantined(trouble, SENTENCES[trouble])

    def exposes(self, row: Row) -> bool:
        """Say whether a secret stands in the row in the clear."""
        return cell.state(self.target, row.text).shape is Shape.PLAIN

    def _whole(self, row: Row, key: tuple[KeyPart, ...]) -> Turned | Rest | Quarantined:
        text = self.target.column.judged(row.text)
        shape = self.target.field.shape(text)
        apply = self.rule.changes.get(shape)
        if apply is None:
            return self._untouched(shape, text)
        given = text if shape is Shape.SEALED else row.text
        value = apply(self.cipher, self.target.column, key, given)
        if self.target.aside and not self.unseals:
            value = f"{fresh_mark(self.active)}:{value}"
        return Turned(row.version, row.key, value)

    def _document(self, row: Row, key: tuple[KeyPart, ...]) -> Turned | Rest | Quarantined:
        try:
            leaves = cell.leaves(self.target, row.text)
        except NotADocument:
            return self._untouched(cell.state(self.target, row.text).shape, row.text)
        parts = [part for leaf in leaves if (part := self._leaf(leaf, key))]
        if parts:
            return Turned(row.version, row.key, pieces(len(row.text), parts))
        needy = min(leaves, key=self._need, default=None)
        if needy is None:
            return self._untouched(Shape.EMPTY, "")
        return self._untouched(cell.leaf_shape(self.target, needy), needy.text or "")

    def _leaf(self, leaf: Leaf, key: tuple[KeyPart, ...]) -> tuple[int, int, str] | None:
        shape = cell.leaf_shape(self.target, leaf)
        apply = self.rule.changes.get(shape)
        text = leaf.text
        if apply is None or text is None:
            return None
        if shape is Shape.SEALED and not self.unseals and self._is_current(text):
            return None
        value = apply(self.cipher, self.target.column, key, text)
        return leaf.start, leaf.end, escaped(value, leaf.depth)

    def _is_current(self, text: str) -> bool:
        return Envelope.parse(text).key_version == self.active

    def _need(self, leaf: Leaf) -> int:
        return -cell.need(cell.leaf_shape(self.target, leaf))

    def _untouched(self, shape: Shape, text: str) -> Rest | Quarantined:
        if shape in self.rule.quarantines:
            if shape is Shape.FOREIGN:
                return Quarantined(Trouble.FOREIGN, describe_foreign(text))
            return Quarantined(Trouble.UNRECOGNISED, UNRECOGNISED)
        if shape is Shape.EMPTY:
            return Rest.EMPTY
        is_done = self.unseals or shape is Shape.SEALED
        return Rest.SETTLED if is_done else Rest.LEFT_ALONE
