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
    """In its transaction, also of a row that then does not let itself be written."""
    IF_WRITTEN = auto()
    """The same, but not of such a row."""
    AFTER_THE_WRITE = auto()
    TAKEN_AS_COVERED = auto()


class Shield(Enum):
    """Which plaintext the trigger keeps from taking an envelope's place."""

    NEWEST = auto()
    """What the newest backup that counts has of the row, unless the row is marked."""
    ORIGINALS = auto()
    """What any backup has of the row."""
    ANY = auto()
    NONE = auto()


class Marks(Enum):
    """What becomes of the marks of rows that an application has written an envelope into."""

    CLEARED_BY_THE_WRITE = auto()
    """A batch takes them off the rows that it has itself written from plaintext."""
    CLEARED_BY_THE_BATCH = auto()
    """It takes them off all rows that it wanted to write."""
    OF_UPDATES = auto()
    """None is set by an INSERT."""
    NONE = auto()


class Mends(Enum):
    """In place of which broken envelopes a rollback puts the original."""

    CERTAIN = auto()
    """Those that the run wrote and nobody has written since, or that can be of no other secret."""
    UNSHIELDED = auto()
    """Also those that may have been written while the shield was down."""
    MARKED = auto()
    """Also where an application has written an envelope."""
    ANY = auto()
    NONE = auto()


@dataclass(frozen=True, slots=True)
class Protocol:
    """How careful runs are."""

    guard: Guard = Guard.VERSION
    fence: Fence = Fence.HELD
    late: Late = Late.WITH_THE_WRITE
    shield: Shield = Shield.NEWEST
    marks: Marks = Marks.CLEARED_BY_THE_WRITE
    forgets_backups: bool = True
    """Backups from before the shield was dropped do not count when it is raised again."""
    counts_unraised: bool = False
    """A backup counts although the shield could not be raised for it."""
    drops_shield_without_backup: bool = True
    """A run that takes no backup drops the shield, which would know nothing of what it seals."""
    shredding_forgets: bool = True
    """Backups that are older than one that is shredded count no more."""
    compares: bool = True
    """A rollback opens the envelope and compares it with the original."""
    mends: Mends = Mends.CERTAIN
    looks_for_later: bool = True
    """A rollback leaves rows alone that a later run has backed up."""
    keeps_key_first: bool = True
    """The data key is in the database before anything is sealed under it."""
    passes_until_clean: bool = True
    """A run is done after a pass that changed, moved and skipped nothing."""
