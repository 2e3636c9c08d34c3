"""Spans: ranges of heap pages, so that any key and any order of keys is swept alike."""

from collections.abc import Iterator
from dataclasses import dataclass

# The heap is read by `ctid` range (PostgreSQL 14 and later do it without reading the rest);
# rows that move to another page meanwhile are met there, or by the next pass.


@dataclass(frozen=True, slots=True)
class Span:
    """The pages from `first` up to, not including, `after`."""

    first: int
    after: int

    @property
    def pages(self) -> int:
        """How many pages the span has."""
        return self.after - self.first

    @property
    def bounds(self) -> tuple[str, str]:
        """The span as a half-open range of ctid."""
        return f"({self.first},0)", f"({self.after},0)"

    def split(self, pages: int) -> "Iterator[Span]":
        """Cut the span into spans of at most so many pages."""
        for first in range(self.first, self.after, pages):
            yield Span(first, min(first + pages, self.after))
