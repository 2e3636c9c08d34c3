"""The precautions, each of which a mutant can go without; the defaults are what Reseal does."""

from dataclasses import dataclass
from enum import Enum, auto


class Guard(Enum):
    """What must be true of a row for a batch to write it."""

    VERSION = auto()
    """`t.xmin = v.version`: nobody has written it since it was read."""
    PLAINTEXT = auto()
    """It is still plaintext."""
    NONE = auto()


class Fence(Enum):
    """How a batch's transaction looks at the epoch in `control`."""

    HELD = auto()
    """FOR SHARE: until it ends, nobody takes over."""
    SEEN = auto()
    """It looks, and holds nothing."""
    NONE = auto()


class Late(Enum):
    """How an original that the backup does not have, as written after the horizon, gets there."""

    WITH_THE_WRITE = auto()
    AFTER_THE_WRITE = auto()
    TAKEN_AS_COVERED = auto()


class Shield(Enum):
    """Which plaintext the trigger keeps from taking an envelope's place."""

    ORIGINALS = auto()
    """What a backup has of the row."""
    ANY = auto()
    NONE = auto()


@dataclass(frozen=True, slots=True)
class Protocol:
    """How careful runs are."""

    guard: Guard = Guard.VERSION
    fence: Fence = Fence.HELD
    late: Late = Late.WITH_THE_WRITE
    shield: Shield = Shield.ORIGINALS
    compares: bool = True
    """A rollback opens the envelope and compares it with the original."""
    mends_broken: bool = True
    """A rollback puts the original in the place of an envelope that nobody can open."""
    keeps_key_first: bool = True
    """The data key is in the database before anything is sealed under it."""
    passes_until_clean: bool = True
    """A run is done after a pass that changed, moved and skipped nothing."""
