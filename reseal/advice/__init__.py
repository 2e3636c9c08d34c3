"""Advice on a field's table: what would spare space or writes, as text; nothing of it is done."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from reseal.advice import duplicate, fillfactor, secret_index, toast, unused
from reseal.advice.advice import Advice
from reseal.advice.index import indexes
from reseal.errors import ConnectionLost, StoreError
from reseal.store import ledger, schema
from reseal.store.catalog import Target
from reseal.store.heap import Heap
from reseal.store.heap_statistics import (
    HeapStatistics,
    counted_since,
    heap_statistics,
    row_width,
)
from reseal.store.store import Store

__all__ = ["Advice", "advise", "once"]


def advise(store: Store, target: Target) -> tuple[Advice, ...]:
    """Return the advice on a field's table; of one with partitions, on these.

    Raise StoreError where the catalog cannot be read. Where the rows cannot be, there is no advice
    that would need their width.
    """
    found, since = indexes(store, target), counted_since(store)
    return once(
        [
            *secret_index.advise(target, found),
            *duplicate.advise(target, found),
            *unused.advise(target, found, since),
            *_on_heaps(store, target, since),
        ]
    )


def once(advice: Iterable[Advice]) -> tuple[Advice, ...]:
    """Return the first advice of each statement, as one index can be in the way twice."""
    found: dict[str, Advice] = {}
    for one in advice:
        found.setdefault(one.statement, one)
    return tuple(found.values())


def _on_heaps(store: Store, target: Target, since: datetime | None) -> Iterator[Advice]:
    how = toast.stored(store, target)
    for heap in heap_statistics(store, target):
        width = _width(store, heap)
        if width is None:
            continue
        swept = _swept(store, target, heap.heap, since)
        given = (
            None if swept is None else fillfactor.advise(heap, width, swept),
            toast.advise(target, heap, width, how[heap.heap.oid]),
        )
        yield from filter(None, given)


def _width(store: Store, heap: HeapStatistics) -> float | None:
    """Return the width of a heap's rows, or None where it is empty or may not be read."""
    if not heap.heap.pages:
        return None
    try:
        return row_width(store, heap.heap)
    except ConnectionLost:
        raise
    except StoreError:
        return None


def _swept(store: Store, target: Target, heap: Heap, since: datetime | None) -> int | None:
    """Return how many rows Reseal wrote to a heap, or None where the ledger may not be read."""
    try:
        if not schema.exists(store):
            return 0
        return ledger.written_rows(store, target.field.name, heap.qualified, since)
    except ConnectionLost:
        raise
    except StoreError:
        return None
