"""Advice on the fillfactor: room in each page, so that an update writes no index (HOT)."""

from reseal.advice.advice import Advice
from reseal.store.heap_statistics import HeapStatistics

# Of fewer updates nothing can be said, and they cost little.
LEAST_UPDATES = 1000
# What already goes without an index is enough, and from this fillfactor on there is room.
_ENOUGH_HOT = 0.9
_ROOMY = 90
# Of a page: room for this many new versions, and never less than half for the rows.
_SPARE_ROWS = 2
_LEAST = 50
_STEP = 5
_USABLE_BYTES = 8168


def advise(heap: HeapStatistics, row_bytes: float, swept: int) -> Advice | None:
    """Advise a fillfactor for one heap, where many updates wrote every index.

    `swept` are the rows that Reseal itself wrote meanwhile. Whether those were HOT nobody knows,
    so that of the application's updates the fewest possible count as not HOT.
    """
    updates = max(0, heap.updated - swept)
    written = max(0, heap.updated - heap.hot - swept)
    if updates < LEAST_UPDATES or written <= (1 - _ENOUGH_HOT) * updates:
        return None
    if heap.moved is not None and not _lacked_room(heap):
        return None
    value = proposed(row_bytes)
    if heap.fillfactor <= value:
        return None
    return Advice(
        heap.heap.qualified,
        f"set fillfactor to {value}",
        _why(heap, updates, written, row_bytes, value),
        f"ALTER TABLE {heap.heap.name.as_string()} SET (fillfactor = {value});",
    )


def proposed(row_bytes: float) -> int:
    """Return a fillfactor that leaves room for two rows in each page, in steps of five."""
    share = 1 - _SPARE_ROWS * row_bytes / _USABLE_BYTES
    stepped = int(100 * share) // _STEP * _STEP
    return max(_LEAST, min(_ROOMY, stepped))


def _lacked_room(heap: HeapStatistics) -> bool:
    """Say whether what was not HOT mostly found no room; an indexed column is another reason."""
    return 2 * (heap.moved or 0) >= heap.updated - heap.hot


def _why(heap: HeapStatistics, updates: int, written: int, row_bytes: float, value: int) -> str:
    room = (
        f"For {heap.moved:,} updates in all the page had no room (n_tup_newpage_upd); those that "
        "write an indexed column are not HOT with room either."
        if heap.moved is not None
        else "Whether room was missing this version of PostgreSQL does not count; an update of an "
        "indexed column is not HOT either."
    )
    return (
        f"Of {updates:,} updates of applications at least {written:,} wrote all indexes "
        f"(n_tup_upd {heap.updated:,}, n_tup_hot_upd {heap.hot:,}, less what Reseal wrote). {room} "
        f"A row needs {row_bytes:,.0f} bytes of a page, the fillfactor is {heap.fillfactor}: at "
        f"{value} each page keeps room for the next version of {_SPARE_ROWS} rows or more, and "
        f"the table grows by {heap.fillfactor / value - 1:.0%} at most. It "
        "holds for pages written from now on, for all of them after a VACUUM FULL or pg_repack."
    )
