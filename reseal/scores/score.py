"""A score: terms whose most points are 100 together, and what of them could be measured."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import floor
from typing import Any, Generic, TypeVar

from reseal.scores.finding import Finding, Unknown

UNKNOWN = "unknown"

Reading = TypeVar("Reading")


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a score.

    `points` of at most `most`; `measured` is how many of these could be reached at all, as a term
    that is unknown scores none.
    """

    name: str
    value: str
    points: float
    most: int
    measured: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Score:
    """A score by its name, and every term of it."""

    name: str
    terms: tuple[Term, ...]

    @property
    def points(self) -> float:
        """The points of all terms."""
        return _tenths(sum(term.points for term in self.terms))

    @property
    def measured(self) -> float:
        """How many of the 100 points could be measured."""
        return _tenths(sum(term.measured for term in self.terms))

    @property
    def value(self) -> int:
        """The score, 0 to 100; it is 100 only where every term is full."""
        return floor(self.points)

    def as_dict(self) -> dict[str, Any]:
        """Return it as the command line prints it and the evidence keeps it."""
        return {
            "name": self.name,
            "value": self.value,
            "points": self.points,
            "measured": self.measured,
            "out_of": 100,
            "terms": [asdict(term) for term in self.terms],
        }


@dataclass(frozen=True, slots=True)
class Rule(Generic[Reading]):
    """How a term is told from a reading, and how many points it can have."""

    name: str
    most: int
    judge: Callable[[Reading], Finding | Unknown]

    def term(self, reading: Reading) -> Term:
        """Return the term."""
        found = self.judge(reading)
        if isinstance(found, Unknown):
            return Term(self.name, UNKNOWN, 0.0, self.most, 0.0, found.why)
        points, measured = _tenths(self.most * found.share), _tenths(self.most * found.measured)
        return Term(self.name, found.value, points, self.most, measured, found.sentence)


def _tenths(points: float) -> float:
    """Cut points to tenths, so that no fault is too small to be seen."""
    return floor(points * 10 + 1e-6) / 10
