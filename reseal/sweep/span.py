"""Spans: ranges of heap pages, so that any key and any order of keys is swept alike."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from psycopg import sql

from reseal.store.catalog import Target

# The heap is read by `ctid` range (PostgreSQL 14 and later do it without reading the rest);
# rows that move to another page meanwhile are met there, or by the next pass.


@dataclass(frozen=True, slots=True)
class Span:
    """The pages from `first` up to, not including, `after` of one heap.

    `heap` is its schema and name, or None for the only heap of an ordinary table.
    """

    first: int
    after: int
    heap: tuple[str, str] | None = None

    def __str__(self) -> str:
        pages = f"pages {self.first}-{self.after}"
        return f"{'.'.join(self.heap)} {pages}" if self.heap else pages

    @property
    def pages(self) -> int:
        """How many pages the span has."""
        return self.after - self.first

    @property
    def bounds(self) -> dict[str, str]:
        """The span as a half-open range of ctid, as parameters."""
        return {"first": f"({self.first},0)", "after": f"({self.after},0)"}

    def table(self, target: Target) -> sql.Composable:
        """Return the heap, quoted, without its heirs."""
        return sql.SQL("ONLY {}").format(sql.Identifier(*self.heap) if self.heap else target.table)

    def split(self, pages: int) -> "Iterator[Span]":
        """Cut the span into as few spans of at most so many pages as can be, of even sizes."""
        parts = -(-self.pages // pages)
        bounds = [self.first + self.pages * part // parts for part in range(parts)] + [self.after]
        yield from (self.cut(first, after) for first, after in pairwise(bounds) if first < after)

    def cut(self, first: int, after: int) -> "Span":
        """Return other pages of the same heap."""
        return replace(self, first=first, after=after)


def stretches(pages: Iterable[int]) -> list[tuple[int, int]]:
    """Return from which page up to, not including, which one so many pages follow each other."""
    numbered = enumerate(sorted(pages))
    runs = (list(run) for _, run in groupby(numbered, key=lambda one: one[1] - one[0]))
    return [(run[0][1], run[-1][1] + 1) for run in runs]


def whole(target: Target) -> list[Span]:
    """Return one span a heap; a page beyond its present end, for rows that move there."""
    if len(target.heaps) == 1 and target.heaps[0].oid == target.oid:
        return [Span(0, target.pages + 1)]
    return [Span(0, heap.pages + 1, (heap.schema, heap.table)) for heap in target.heaps]
