"""What a server tells of how it fares, by the names that `[pace.limits]` of reseal.toml knows."""

from enum import StrEnum
from typing import NamedTuple


class Signal(StrEnum):
    """A number of the server's, with its unit in its name."""

    LOGIN = "login_ms"
    """What a login takes, by asking what an application asks."""
    BLOCKED = "blocked_seconds"
    """How long a session has been waiting for one of the run's own."""
    QUEUED = "queued_seconds"
    """How long a session has been waiting for a lock on the table, whoever holds it."""
    ACTIVE = "active_per_core"
    """Sessions of others that are computing or reading, for each core of the server."""
    POOL = "pool_wait_ms"
    """What a caller waits for a connection, in the pool of an application that reports it."""
    LAG = "replica_lag_seconds"
    """For how long something that the primary wrote has not been replayed by a standby."""
    WAL_RATE = "wal_mb_per_second"
    """How fast the write-ahead log grows."""
    ARCHIVE = "archive_segments"
    """Segments of the log that wait to be archived."""
    RETAINED = "retained_wal_mb"
    """How much log the slot keeps that is furthest behind."""
    WAL = "wal_mb"
    """How much larger the log is on disk than it is set to become."""
    DEAD = "dead_share"
    """Dead rows of the table for each live one."""
    SNAPSHOT = "snapshot_seconds"
    """Age of the oldest transaction of others, which keeps old rows from being cleaned."""


# Less work at a time makes these no better: they are spent or not.
BUDGETS = frozenset(
    {
        Signal.LAG, Signal.ARCHIVE, Signal.RETAINED, Signal.WAL, Signal.DEAD, Signal.SNAPSHOT,
    }
)  # fmt: skip


class Reading(NamedTuple):
    """A signal's value and limit; `age` is how many seconds ago it was last told."""

    signal: Signal
    value: float
    limit: float
    age: float = 0.0

    @property
    def part(self) -> float:
        """How much of the limit is used."""
        return self.value / self.limit

    def __str__(self) -> str:
        return f"{self.signal} is {self.value:.3g}, the limit {self.limit:.3g}"
