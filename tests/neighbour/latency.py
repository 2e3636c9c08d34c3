"""How long logins took, by the share of them that was through by then."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from tests.neighbour.application import Login

SHARES = (50, 75, 90, 95, 98, 99, 99.5, 99.9)


@dataclass(frozen=True)
class Latency:
    """So many logins, how many of them failed, and by share the milliseconds they took at most."""

    logins: int
    failed: int
    by_share: dict[str, float]

    @classmethod
    def of(cls, logins: Sequence[Login]) -> "Latency":
        """Sum up; of no logins nothing is known."""
        times = sorted(login.milliseconds for login in logins)
        failed = sum(not login.is_well for login in logins)
        return cls(len(times), failed, {f"{s:g}": at(times, s) for s in SHARES} if times else {})

    def times(self, other: "Latency", share: str) -> float:
        """Return how many times as long as another's these logins took."""
        return self.by_share[share] / other.by_share[share]

    def as_dict(self) -> dict[str, Any]:
        """Return it for the figures."""
        return {"logins": self.logins, "failed": self.failed, "by_share": self.by_share}


def at(ordered: Sequence[float], share: float) -> float:
    """Return the least value that this share, in percent, does not exceed (nearest rank)."""
    return ordered[max(0, ceil(len(ordered) * share / 100) - 1)]
