"""Where old secrets can be left, and what a look at such a place showed."""

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a place is."""

    HEAP = "heap"
    TOAST = "toast"
    INDEX = "index"
    STATISTICS = "statistics"
    STATEMENTS = "statements"
    WAL = "write-ahead log"
    LOG = "server log"


# What a run cleans with its own means and vouches for.
CLEANED = frozenset({Kind.HEAP, Kind.TOAST, Kind.INDEX, Kind.STATISTICS, Kind.STATEMENTS})


@dataclass(frozen=True, slots=True)
class File:
    """A file below the server's data directory: its path there, and so many bytes of it."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Place:
    """A relation, a log or a view: what it is, its name, and the files that it is made of.

    `oid` is a relation's; `only` are the pages of it to look at, if not all. `texts` are of a
    place that has no files. `unseen` says why a look at it proves nothing. With `until_found` a
    look ends where it has found some: more of them would tell nothing that is not known by then.
    """

    kind: Kind
    name: str
    files: tuple[File, ...] = ()
    oid: int | None = None
    texts: tuple[str, ...] = ()
    unseen: str | None = None
    only: frozenset[int] | None = None
    until_found: bool = False

    @property
    def size(self) -> int:
        """How many bytes there are to look at."""
        return sum(file.size for file in self.files) + sum(map(len, self.texts))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at a place showed: how often a secret stands there, and on which pages.

    Where it could not be looked at, or proves nothing, `unseen` says why. What was found `in_part`
    is some of what stands there.
    """

    place: Place
    found: int = 0
    pages: frozenset[int] = field(default_factory=frozenset, repr=False)
    in_part: bool = False

    @property
    def unseen(self) -> str | None:
        """Why nothing is proven of the place, or None."""
        return self.place.unseen
