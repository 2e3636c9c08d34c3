"""What the scores are computed from: readings, as they were at one time, of one database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reseal.census import Census
from reseal.scores.finding import Unknown
from reseal.store.quarantine import Counts


class Standing(StrEnum):
    """What keeps plaintext out of a column."""

    GUARD = "the guard holds"
    UNPROVEN_GUARD = "the guard stands, unproven"
    SHIELD = "the shield stands"
    NOTHING = "neither guard nor shield"


@dataclass(frozen=True, slots=True)
class Verified:
    """When all envelopes of a field were last opened, and how many of them did not open."""

    broken: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Residue:
    """What the last cleaning found of old plaintext; None where it could not look."""

    found: int | None
    not_verified: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class FieldReading:
    """A field of reseal.toml; `fault` is why the catalog has no such column."""

    name: str
    fault: str | None
    census: Census | Unknown
    verified: Verified | Unknown
    standing: Standing | Unknown
    quarantine: Counts | Unknown
    residue: Residue | Unknown


@dataclass(frozen=True, slots=True)
class KeyReading:
    """The key that seals: its period, how often it has sealed, and whether others know it."""

    version: int
    activated: datetime
    expires: datetime
    is_compromised: bool
    seals: int


@dataclass(frozen=True, slots=True)
class Backups:
    """How many backups are kept, in the database or as copies, and how many of them too long."""

    kept: int
    expired: int


@dataclass(frozen=True, slots=True)
class Readers:
    """How many applications are live, and how many of them seal and refuse plaintext."""

    live: int
    sealing: int
    refusing: int


@dataclass(frozen=True, slots=True)
class SecurityReading:
    """All that the security score is computed from.

    `fields` are all that reseal.toml describes, `about` the names of those that the score is
    about; `public` names what of Reseal's own schema is granted to everybody.
    """

    now: datetime
    fields: tuple[FieldReading, ...]
    about: frozenset[str]
    key: KeyReading | Unknown
    backups: Backups | Unknown
    readers: Readers | Unknown
    public: tuple[str, ...] | Unknown

    @property
    def chosen(self) -> tuple[FieldReading, ...]:
        """The fields that the score is about."""
        return tuple(field for field in self.fields if field.name in self.about)


@dataclass(frozen=True, slots=True)
class Slack:
    """The share of a heap's bytes in which nothing live stands, and how that is known."""

    share: float
    source: str


@dataclass(frozen=True, slots=True)
class TableReading:
    """A table with all its heaps; the counts of writes are the server's, from `since` on.

    `row_bytes` is what a row needs in a page, on average; `reserved` the share of a page that a
    fillfactor keeps free on purpose; `swept` of the updates are Reseal's own.
    """

    name: str
    pages: int
    rows: int
    heap_bytes: int
    index_bytes: int
    toast_bytes: int
    row_bytes: float | Unknown
    slack: Slack | Unknown
    reserved: float
    live: int
    dead: int
    updated: int
    hot: int
    swept: int | Unknown
    since: datetime | None


@dataclass(frozen=True, slots=True)
class StorageReading:
    """All that the storage efficiency is computed from, a table by its name."""

    tables: tuple[tuple[str, TableReading | Unknown], ...]


def added(censuses: Iterable[Census]) -> Census:
    """Return the census of several fields together."""
    counts = dict.fromkeys(("empty", "plain", "foreign", "unrecognised"), 0)
    sealed: dict[int, int] = {}
    for census in censuses:
        for shape in counts:
            counts[shape] += getattr(census, shape)
        for version, rows in census.sealed.items():
            sealed[version] = sealed.get(version, 0) + rows
    return Census(**counts, sealed=sealed)
