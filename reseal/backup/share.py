"""The parts that a backup is cut into, by its pages."""

from typing import NamedTuple

_PAST_ALL_PAGES = 2**32 - 1


class Share(NamedTuple):
    """One part of so many that a backup is cut into."""

    number: int
    shares: int

    def of(self, pages: int) -> tuple[int, int]:
        """Return its first page and the one after its last, which the last share has not."""
        first, after = (pages * at // self.shares for at in (self.number, self.number + 1))
        return first, _PAST_ALL_PAGES if self.number + 1 == self.shares else after


WHOLE = Share(0, 1)
