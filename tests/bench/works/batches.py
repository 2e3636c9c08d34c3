"""Rows in batches, as scripts take them."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

Row = TypeVar("Row")


def batches(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    """Yield the rows by so many."""
    for at in range(0, len(rows), size):
        yield rows[at : at + size]
