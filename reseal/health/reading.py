"""What the health score and the alerts are computed from, as it was at one look."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from reseal.scores.finding import Unknown
from reseal.scores.reading import Standing


@dataclass(frozen=True, slots=True)
class Pools:
    """What the applications' pools have told: connections in use and there, and who waits."""

    worst: str
    utilisation: float
    waiting: int
    instances: int


@dataclass(frozen=True, slots=True)
class Login:
    """What the login query takes, and what it usually did in the last day, where that is known."""

    milliseconds: float
    usual: float | None


@dataclass(frozen=True, slots=True)
class Opened:
    """What the rows of some pages were found to be.

    `unsealed` are neither empty nor envelopes; `broken` does not open; `unknown` has by key
    version the envelopes whose key is not loaded. `pages` are those that were looked at.
    """

    pages: int = 0
    rows: int = 0
    sealed: int = 0
    unsealed: int = 0
    broken: int = 0
    unknown: Mapping[int, int] = field(default_factory=dict)

    def __add__(self, other: "Opened") -> "Opened":
        return Opened(
            self.pages + other.pages,
            self.rows + other.rows,
            self.sealed + other.sealed,
            self.unsealed + other.unsealed,
            self.broken + other.broken,
            Counter(self.unknown) + Counter(other.unknown),
        )


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a field's next pages found; `after` is where the one after it begins.

    `a_round` is how many looks it takes to see every page once.
    """

    opened: Opened
    after: int
    a_round: int


@dataclass(frozen=True, slots=True)
class Past:
    """What was found in the looks that make a round: rows, and how many of them were bad."""

    rows: int = 0
    unsealed: int = 0
    broken: int = 0


@dataclass(frozen=True, slots=True)
class FieldHealth:
    """A field of reseal.toml: what its pages hold, what guards it, what a login takes.

    `must_be_sealed` is where nothing in the clear may stand any more: the guard was raised, or
    an application refuses it.
    """

    name: str
    look: Look | Unknown
    past: Past
    standing: Standing | Unknown
    was_guarded: bool
    must_be_sealed: bool
    login: Login | Unknown
    quarantined: int | Unknown


@dataclass(frozen=True, slots=True)
class KeyAge:
    """The active key: its version and the share of its cryptoperiod that is used up."""

    version: int
    used: float
    until: str
    is_compromised: bool


@dataclass(frozen=True, slots=True)
class LiveReaders:
    """Applications that report: how many open the active key, and how many write envelopes."""

    live: int
    opening: int
    sealing: int


@dataclass(frozen=True, slots=True)
class Replication:
    """Standbys and slots; bytes are None where they may not be seen or there is none."""

    standbys: int
    lag: int | None
    slots: int
    idle_slots: int
    retained: int | None


@dataclass(frozen=True, slots=True)
class GoneKey:
    """A key that is disabled or destroyed, and the signs that somebody has use for it still."""

    version: int
    readers: tuple[str, ...]
    opened_since: bool


@dataclass(frozen=True, slots=True)
class Opening:
    """How often an instance opened in a minute, and from how many on that is a burst of it."""

    instance: str
    opens: float
    limit: float


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was seen at one look."""

    fields: tuple[FieldHealth, ...]
    pools: Pools | Unknown
    key: KeyAge | Unknown
    readers: LiveReaders | Unknown
    replication: Replication | Unknown
    gone: tuple[GoneKey, ...] | Unknown
    openings: tuple[Opening, ...] | Unknown
