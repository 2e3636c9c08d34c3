"""What a pool's callers are given and wait for, counted as it happens."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

# Seconds; whoever waited longer than the last is counted beyond it.
WAIT_BOUNDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0)


@dataclass(frozen=True, slots=True)
class Count:
    """What has been counted since the pool was opened.

    `held` is how many seconds connections were in use, one after the other; `waits` has how many
    callers waited for how long, by WAIT_BOUNDS.
    """

    at: float
    used: int
    held: float
    waited: float
    waits: tuple[int, ...]
    timeouts: int

    @property
    def calls(self) -> int:
        """How many asked for a connection."""
        return sum(self.waits)


@dataclass
class Meter:
    """Count connections that go out and come back; `clock` gives seconds that never go back."""

    clock: Callable[[], float]
    _used: int = 0
    _held: float = 0.0
    _waited: float = 0.0
    _waits: list[int] = field(default_factory=lambda: [0] * (len(WAIT_BOUNDS) + 1))
    _timeouts: int = 0
    _peak: int = 0
    _last: float = 0.0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def __post_init__(self) -> None:
        self._last = self.clock()

    def lent(self, seconds: float) -> None:
        """Count a connection that goes out after a wait."""
        with self._lock:
            self._turn(1)
            self._peak = max(self._peak, self._used)
            self._count(seconds)

    def returned(self) -> None:
        """Count a connection that comes back."""
        with self._lock:
            self._turn(-1)

    def failed(self, seconds: float) -> None:
        """Count a caller who waited and got none."""
        with self._lock:
            self._timeouts += 1
            self._count(seconds)

    def read(self) -> Count:
        """Return what was counted until now."""
        with self._lock:
            self._turn(0)
            return Count(
                self._last, self._used, self._held, self._waited, tuple(self._waits), self._timeouts
            )

    def peak(self) -> int:
        """Return how many were in use at once since this was asked last."""
        with self._lock:
            peak, self._peak = self._peak, self._used
            return peak

    def _turn(self, change: int) -> None:
        now = self.clock()
        self._held += self._used * (now - self._last)
        self._last = now
        self._used += change

    def _count(self, seconds: float) -> None:
        self._waited += seconds
        self._waits[bisect_left(WAIT_BOUNDS, seconds)] += 1
