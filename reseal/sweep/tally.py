"""What became of the rows that a batch, a pass or a run has read."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Self

from reseal.errors import Miscount


@dataclass(frozen=True, slots=True)
class Tally:
    """Count rows by outcome; every row read has exactly one.

    `changed` written by us; `moved` written by someone else since we read it; `locked` held by
    someone else; `settled` already as wanted; `empty` no secret; `quarantined` recorded as
    beyond us; `left_alone` not ours to change.
    """

    rows_read: int = 0
    changed: int = 0
    moved: int = 0
    locked: int = 0
    settled: int = 0
    empty: int = 0
    quarantined: int = 0
    left_alone: int = 0

    def __str__(self) -> str:
        told = [f"{name} {rows}" for name, rows in self.as_dict().items() if rows]
        return ", ".join(told).replace("_", " ") or "no rows"

    def __add__(self, other: Self) -> Self:
        return type(self)(
            **{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        )

    @property
    def outcomes(self) -> int:
        """How many rows have an outcome."""
        return sum(self.as_dict().values()) - self.rows_read

    @property
    def converged(self) -> bool:
        """Whether a whole pass with this tally leaves nothing for another one."""
        return self.changed == self.moved == self.locked == 0

    def checked(self) -> Self:
        """Return this tally, or raise Miscount where rows read and outcomes differ."""
        if self.outcomes != self.rows_read:
            raise Miscount(f"{self.rows_read} rows were read but {self.outcomes} have an outcome")
        return self

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


def total(tallies: Iterable[Tally]) -> Tally:
    """Add tallies up."""
    return sum(tallies, Tally())
