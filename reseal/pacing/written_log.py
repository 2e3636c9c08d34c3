"""How far the write-ahead log was when: by that a standby's lag is told in seconds.

No clock but the runner's own has a part in it. A standby's `replay_lag` stands still while nothing
is replayed, and the time of its last replayed commit is of another clock.
"""

from collections import deque

# Of an hour at three looks a second every fourth is kept.
_MOST_MARKS = 4096


class WrittenLog:
    """Marks of the log's end, the earliest that may not be replayed yet first."""

    def __init__(self) -> None:
        self._marks: deque[tuple[int, float]] = deque()
        self._last: tuple[int, float] | None = None
        self.rate = 0.0

    def mark(self, end: int, at: float) -> None:
        """Take note of where the log ends; `rate` is how many bytes a second it grew since."""
        if self._last and at > self._last[1]:
            self.rate = max(0.0, (end - self._last[0]) / (at - self._last[1]))
        if self._last is None or end > self._last[0]:
            self._marks.append((end, at))
        self._last = end, at
        if len(self._marks) > _MOST_MARKS:
            # The earliest tells the lag.
            self._marks = deque(list(self._marks)[::2])

    def lag(self, replayed: int, at: float) -> float:
        """Return for how many seconds what lies behind a place in the log has been there."""
        while self._marks and self._marks[0][0] <= replayed:
            self._marks.popleft()
        return at - self._marks[0][1] if self._marks else 0.0
