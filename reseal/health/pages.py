"""Which pages a look opens: the next ones of the table, and a few at random.

The next ones see to it that every page has its turn; those at random, that nobody knows which
page is looked at when. A look takes as long for a million rows as for ten thousand.
"""

import random
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reseal.store.catalog import Target
from reseal.sweep.span import Span, whole

_ROWS_A_LOOK = 10_000
_MOST_PAGES = 1024
_PAGES_AT_RANDOM = 16


class Due(NamedTuple):
    """The pages that come next, where the look after it begins, and how many looks see all."""

    spans: list[Span]
    after: int
    a_round: int


def due(target: Target, position: int) -> Due:
    """Return what comes next in a table of which `position` pages were looked at."""
    heaps = whole(target)
    pages = sum(heap.pages for heap in heaps)
    first, most = (position if position < pages else 0), pages_a_look(target.rows_per_page)
    after = min(first + most, pages)
    return Due(list(_cut(heaps, first, after)), after if after < pages else 0, -(-pages // most))


def at_random(target: Target, next_ones: Due, choice: random.Random) -> list[Span]:
    """Return a few pages that follow one another, from anywhere but those that are due."""
    heaps = whole(target)
    pages = sum(heap.pages for heap in heaps)
    others = pages - pages_a_look(target.rows_per_page) - _PAGES_AT_RANDOM
    if others < 0:
        return []
    first = (next_ones.after + choice.randrange(others + 1)) % pages
    return list(_cut(heaps, first, first + _PAGES_AT_RANDOM))


def pages_a_look(rows_per_page: float) -> int:
    """Return how many pages are opened at once, where a page has so many rows."""
    return max(1, min(_MOST_PAGES, round(_ROWS_A_LOOK / rows_per_page)))


def _cut(heaps: Iterable[Span], first: int, after: int) -> Iterator[Span]:
    """Yield the pages from `first` up to `after`, counted through all heaps."""
    before = 0
    for heap in heaps:
        low, high = max(first - before, 0), min(after - before, heap.pages)
        if low < high:
            yield heap.cut(low, high)
        before += heap.pages
