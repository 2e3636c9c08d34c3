"""The health score: terms with weight, value, limit and points, of what was measured."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import floor
from typing import Any, Generic, TypeVar

from reseal.scores.finding import Finding, Unknown

NOT_MEASURED = "not measured"

Reading = TypeVar("Reading")


@dataclass(frozen=True, slots=True)
class Term:
    """One part of the score; `measured` is its weight, or 0 where it could not be measured."""

    name: str
    weight: int
    value: str
    limit: str
    points: float
    measured: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Health:
    """Every term of the score."""

    terms: tuple[Term, ...]

    @property
    def points(self) -> float:
        """The points of all terms."""
        return round(sum(term.points for term in self.terms), 1)

    @property
    def measured(self) -> int:
        """The weight of what was measured."""
        return sum(term.measured for term in self.terms)

    @property
    def score(self) -> int | None:
        """0 to 100, of what was measured; None where nothing was."""
        return floor(100 * self.points / self.measured + 1e-9) if self.measured else None

    def as_dict(self) -> dict[str, Any]:
        """Return it as the command line prints it."""
        return {
            "score": self.score,
            "points": self.points,
            "measured": self.measured,
            "out_of": sum(term.weight for term in self.terms),
            "terms": [asdict(term) for term in self.terms],
        }


@dataclass(frozen=True, slots=True)
class Rule(Generic[Reading]):
    """How a term is told from a reading, up to which limit it is full, and how much it weighs."""

    name: str
    weight: int
    limit: str
    judge: Callable[[Reading], Finding | Unknown]

    def term(self, reading: Reading) -> Term:
        """Return the term."""
        found = self.judge(reading)
        if isinstance(found, Unknown):
            return Term(self.name, self.weight, NOT_MEASURED, self.limit, 0.0, 0, found.why)
        # Cut to tenths, so that no fault is too small to be seen.
        points = floor(self.weight * found.share * 10 + 1e-6) / 10
        return Term(
            self.name, self.weight, found.value, self.limit, points, self.weight, found.sentence
        )
