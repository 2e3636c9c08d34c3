"""What a pool looks like at one moment."""

from dataclasses import dataclass

from reseal.pool.meter import Count


@dataclass(frozen=True, slots=True)
class Reading:
    """A pool's figures; `count`, `refused`, `lost`, `grown` and `shrunk` count since it was opened.

    `open` is how many connections stand or are being made, `size` how many it should have,
    `utilisation` how much of it is in use, from 0 to 1, smoothed.
    """

    size: int
    least: int
    most: int
    open: int
    waiting: int
    utilisation: float
    count: Count
    refused: int
    lost: int
    grown: int
    shrunk: int
    is_healthy: bool

    @property
    def errors(self) -> int:
        """How many callers got no connection, and how many connections could not be made."""
        return self.count.timeouts + self.refused


def samples(before: Reading, now: Reading, peak: int) -> dict[str, float]:
    """Return what is kept of the time between two readings; `peak` were in use at once.

    `pool.wait_ms` is what a caller waited on average.
    """
    calls = now.count.calls - before.count.calls
    waited = now.count.waited - before.count.waited
    return {
        "pool.size": now.size,
        "pool.most": now.most,
        "pool.used": peak,
        "pool.waiting": now.waiting,
        "pool.utilisation": now.utilisation,
        "pool.wait_ms": 1000 * waited / calls if calls else 0.0,
        "pool.errors": now.errors - before.errors,
    }
