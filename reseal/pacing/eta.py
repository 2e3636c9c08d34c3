"""How long what is under way takes yet, as a range: by its own rates, and by nothing else."""

from collections import deque
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import NamedTuple

_MARK_EVERY = 1.0
# The rates of the last seconds, the last minute and of all of it.
_RECENT = (10.0, 60.0)
_MARKS = 64
_LEAST_SECONDS = 2.0
# No rate is known better than that.
_SPREAD = 0.1


class Eta(NamedTuple):
    """Seconds yet: at the fastest rate that was seen of late, and at the slowest.

    `latest` is None where nothing was done of late.
    """

    soonest: float
    latest: float | None


@dataclass
class Progress:
    """What of a stage is done, of how many rows; `later` are those of other fields after it."""

    stage: str = ""
    field: str = ""
    total: int = 0
    later: int = 0
    done: int = 0
    _first: tuple[float, int] | None = None
    _marks: deque[tuple[float, int]] = dataclass_field(default_factory=lambda: deque(maxlen=_MARKS))
    _is_new: bool = False

    def begin(self, stage: str, field: str, total: int, later: int = 0) -> None:
        """Begin another stage, or another field or pass of it."""
        self.stage, self.field, self.total, self.later = stage, field, total, later
        self._is_new = True

    def mark(self, at: float, rows_done: int) -> None:
        """Take note of how many rows were done since the run began."""
        if self._is_new or self._first is None:
            self._first, self._is_new = (at, rows_done), False
            self._marks.clear()
        self.done = rows_done - self._first[1]
        if not self._marks or at - self._marks[-1][0] >= _MARK_EVERY:
            self._marks.append((at, self.done))

    def eta(self, at: float) -> Eta | None:
        """Return how long the rest takes; None while it is too early to tell, and at the end."""
        left = self.total - self.done + self.later
        if self._first is None or not self.stage or left <= 0 or not self.done:
            return None
        if at - self._first[0] < _LEAST_SECONDS:
            return None
        rates = [self._rate_since(at, at - seconds) for seconds in (*_RECENT, at)]
        slowest = min(rates)
        soonest = left / max(rates) * (1 - _SPREAD)
        return Eta(soonest, left / slowest * (1 + _SPREAD) if slowest > 0 else None)

    def _rate_since(self, at: float, since: float) -> float:
        first = self._first or (at, 0)
        before = (mark for mark in self._marks if mark[0] <= since)
        began, done = max(before, default=(first[0], 0))
        return (self.done - done) / max(at - began, 1e-3)
