"""What one measurement showed."""

from dataclasses import dataclass, field, replace

from tests.bench.memory import Memory
from tests.bench.spent import Spent


class NotHere(Exception):
    """What is to be measured needs something that this machine or server does not have."""


@dataclass(frozen=True)
class Measured:
    """So many rows in so many seconds, what that took, and how much memory the client held.

    `stages` has the seconds of the whole command's stages, where there is one.
    """

    line: str
    rows: int
    spent: Spent
    memory: Memory | None = None
    stages: dict[str, float] = field(default_factory=dict)

    def mean(self, other: "Measured") -> "Measured":
        """Return what both took on the average."""
        return replace(self, spent=self.spent.mean(other.spent))

    @property
    def rows_per_second(self) -> float:
        """How many rows a second."""
        return self.rows / self.spent.seconds
