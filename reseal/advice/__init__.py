"""Advice on a field's table: what would spare space or writes, as text; nothing of it is done."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from reseal.advice import duplicate, fillfactor, secret_index, toast, unused
from reseal.advice.advice import Advice
from reseal.advice.index import indexes
from reseal.errors import ConnectionLost, StoreError
from reseal.store import schema
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

# What Reseal wrote to a heap since the server counts; of a table that is one heap none is named.
SWEPT = """
SELECT coalesce(sum(changed), 0) FROM {reseal}.batch
WHERE field = %(field)s AND coalesce(heap, %(heap)s) = %(heap)s
  AND written >= coalesce(%(since)s::timestamptz, '-infinity')
"""


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
    name = f"{heap.schema}.{heap.table}"
    values = {"field": target.field.name, "heap": name, "since": since}
    try:
        return int(store.need(SWEPT, values)[0]) if schema.exists(store) else 0
    except ConnectionLost:
        raise
    except StoreError:
        return None
