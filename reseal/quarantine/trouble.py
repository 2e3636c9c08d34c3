"""What kind of trouble a row is in that is set aside, and the sentence that says so."""

from enum import StrEnum
from typing import NamedTuple

from reseal.errors import (
    EnvelopeError,
    MalformedEnvelope,
    UnknownKeyVersion,
    WillNotOpen,
)
from reseal.shape import Shape


class Trouble(StrEnum):
    """The class of a quarantined row."""

    FOREIGN = "foreign"
    """Another library wrote the value."""
    UNRECOGNISED = "unrecognised"
    """The value is neither a secret in the field's format nor an envelope."""
    MALFORMED = "malformed"
    """It begins as an envelope and is none."""
    UNKNOWN_KEY = "unknown-key"
    """An envelope under a key that is not in the keyring."""
    WILL_NOT_OPEN = "will-not-open"
    """An envelope that was damaged, or is another row's."""
    REFUSED = "refused"
    """A constraint, a type or a trigger refuses what would be written."""
    OTHER = "other"

    @property
    def shapes(self) -> frozenset[Shape]:
        """What can stand in a row that is in this trouble."""
        return _SHAPES[self]


class SetAside(NamedTuple):
    """A row to be set aside: its key, its class, and why in words; never its value."""

    row_key: list[str]
    trouble: Trouble
    reason: str


# Sealed values that do not open: no rotation can take them along.
UNREADABLE = frozenset({Trouble.MALFORMED, Trouble.UNKNOWN_KEY, Trouble.WILL_NOT_OPEN})

SENTENCES = {
    Trouble.MALFORMED: "an envelope that is malformed",
    Trouble.UNKNOWN_KEY: "an envelope under a key that is not in the keyring",
    Trouble.WILL_NOT_OPEN: "an envelope that will not open",
    Trouble.OTHER: "what stands there can be neither opened nor sealed",
}

_SEALED = frozenset({Shape.SEALED})
# A rotation can be refused what it would write in place of an envelope.
_WRITABLE = frozenset({Shape.PLAIN, Shape.SEALED})
_SHAPES = {
    Trouble.FOREIGN: frozenset({Shape.FOREIGN}),
    Trouble.UNRECOGNISED: frozenset({Shape.UNRECOGNISED}),
    Trouble.MALFORMED: _SEALED,
    Trouble.UNKNOWN_KEY: _SEALED,
    Trouble.WILL_NOT_OPEN: _SEALED,
    Trouble.REFUSED: _WRITABLE,
    Trouble.OTHER: _WRITABLE,
}

_ERRORS: dict[type[EnvelopeError], Trouble] = {
    MalformedEnvelope: Trouble.MALFORMED,
    UnknownKeyVersion: Trouble.UNKNOWN_KEY,
    WillNotOpen: Trouble.WILL_NOT_OPEN,
}


def trouble_of(error: EnvelopeError) -> Trouble:
    """Return the class of a row whose value could not be opened or sealed."""
    return _ERRORS.get(type(error), Trouble.OTHER)
