"""What opening a stored value shows: the fact of it, without the value."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from reseal import cell
from reseal.document import Leaf, NotADocument
from reseal.envelope import Envelope
from reseal.errors import EnvelopeError, UnknownKeyVersion, WillNotOpen
from reseal.imprints import Imprinting
from reseal.keyring import FieldCipher
from reseal.original import Original, held
from reseal.place import KeyPart
from reseal.quarantine.trouble import Trouble
from reseal.secret import Secret
from reseal.shape import Shape
from reseal.store.catalog import Target


class Verdict(StrEnum):
    """What opening a stored value showed."""

    NO_ENVELOPE = "no envelope"
    """Empty, plaintext, foreign or unrecognised; the shape tells which."""
    EQUAL = "equal to the backup"
    NEWER = "enrolled since the backup"
    """It opens, and differs from the backup or is not in it."""
    NOT_OPENED = "not opened"
    """It begins as an envelope does; nobody has looked further."""
    OPENS = "opens"
    """It opens; there is no backup to compare with."""
    UNCOMPARED = "opens, and its backup does not"
    """Nothing is lost as long as the envelope opens, so that this is no reason to roll back."""
    DIFFERS = "differs from the backup"
    """It opens to another secret although this run wrote it: our own fault."""
    WILL_NOT_OPEN = "will not open"
    UNKNOWN_KEY = "unknown key version"
    MALFORMED = "malformed"


GOOD = frozenset(
    {Verdict.NO_ENVELOPE, Verdict.EQUAL, Verdict.NEWER, Verdict.OPENS, Verdict.UNCOMPARED}
)


TROUBLES = {
    Verdict.WILL_NOT_OPEN: Trouble.WILL_NOT_OPEN,
    Verdict.UNKNOWN_KEY: Trouble.UNKNOWN_KEY,
    Verdict.MALFORMED: Trouble.MALFORMED,
}


class Fact(NamedTuple):
    """What is true of one stored value, without the value.

    `accepted` is one that the operator has decided to leave as it is, for what is wrong with it;
    `backed_up` one whose row is in the backup that it is compared with.
    """

    shape: Shape
    verdict: Verdict
    key_version: int = 0
    iv_bytes: int = 0
    tag_bytes: int = 0
    accepted: bool = False
    backed_up: bool = False


Facts = Counter[Fact]


@dataclass(frozen=True, slots=True)
class Judge:
    """Tell the fact of one row; the imprint of each envelope that opens is kept."""

    target: Target
    cipher: FieldCipher
    original: Original | None
    imprinting: Imprinting = field(default_factory=Imprinting)

    def fact(self, version: str, text: str, sealed: bytes | None, key: tuple[KeyPart, ...]) -> Fact:
        """Open what is sealed in a cell and compare it with the original, where there is one.

        A document counts as its worst secret.
        """
        row = Row(int(version), sealed, key)
        if not self.target.is_document:
            return self._value(row, self.target.column.judged(text))
        try:
            leaves = cell.leaves(self.target, text)
        except NotADocument:
            return Fact(cell.state(self.target, text).shape, Verdict.NO_ENVELOPE)
        facts = [self._leaf(row, leaf) for leaf in leaves]
        return min(facts, key=_worst_first, default=_NOTHING)

    def _leaf(self, row: "Row", leaf: Leaf) -> Fact:
        shape = cell.leaf_shape(self.target, leaf)
        if shape is Shape.SEALED and leaf.text is not None:
            return self._value(row, leaf.text)
        return Fact(shape, Verdict.NO_ENVELOPE)

    def _value(self, row: "Row", text: str) -> Fact:
        shape = self.target.field.shape(text)
        if shape is not Shape.SEALED:
            return Fact(shape, Verdict.NO_ENVELOPE)
        try:
            envelope = Envelope.parse(text)
        except EnvelopeError:
            return Fact(shape, Verdict.MALFORMED)
        verdict = self._opened(row, envelope)
        return Fact(shape, verdict, envelope.key_version, len(envelope.iv), len(envelope.tag))

    def _opened(self, row: "Row", envelope: Envelope) -> Verdict:
        try:
            secret = self.cipher.open(self.target.field.bound_key(row.key), envelope)
        except UnknownKeyVersion:
            return Verdict.UNKNOWN_KEY
        except EnvelopeError:
            return Verdict.WILL_NOT_OPEN
        self.imprinting.add(envelope.key_version, envelope.iv, envelope.tag)
        if self.original is None:
            return Verdict.OPENS
        try:
            if any(one.matches(secret) for one in self._originals(self.original, row)):
                return Verdict.EQUAL
        except WillNotOpen:
            return Verdict.UNCOMPARED
        return Verdict.DIFFERS if row.version in self.original.written else Verdict.NEWER

    def _originals(self, original: Original, row: "Row") -> Iterator[Secret]:
        if row.sealed is None:
            return
        for value in held(self.target, original.cipher, row.key, row.sealed):
            if value.shape is not Shape.SEALED:
                yield self.target.column.secret(value.text)
                continue
            # Beside a plaintext, an envelope of the application's own was backed up too.
            with suppress(EnvelopeError):
                envelope = Envelope.parse(value.text)
                yield self.cipher.open(self.target.field.bound_key(row.key), envelope)


class Row(NamedTuple):
    """What a judge knows of a row: its version, its sealed original, its key."""

    version: int
    sealed: bytes | None
    key: tuple[KeyPart, ...]


_NOTHING = Fact(Shape.EMPTY, Verdict.NO_ENVELOPE)


def _worst_first(fact: Fact) -> tuple[bool, int, bool, int]:
    is_sound = fact.verdict in GOOD
    return is_sound, -cell.need(fact.shape), fact.verdict is Verdict.EQUAL, fact.key_version
