"""Read what the storage efficiency is computed from; nothing is written, no value is read."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from psycopg import sql

from reseal.census import Census
from reseal.errors import StoreError
from reseal.scores.finding import Unknown
from reseal.scores.known import known
from reseal.scores.reading import Slack, StorageReading, TableReading
from reseal.store import ledger, schema
from reseal.store.catalog import Target
from reseal.store.extension import schema_of
from reseal.store.heap import Heap
from reseal.store.heap_statistics import (
    HeapStatistics,
    counted_since,
    heap_statistics,
    row_width,
)
from reseal.store.limits import limits
from reseal.store.store import Store

# Of pages that all can see the free space map tells, all others are read.
APPROXIMATE = """
SELECT coalesce(sum(a.table_len), 0)::float,
       coalesce(sum(a.dead_tuple_len + a.approx_free_space), 0)::float
FROM unnest(%s::oid[]) AS h (oid) CROSS JOIN LATERAL {function}(h.oid::regclass) AS a
"""

_MEASURED = "measured by pgstattuple_approx"
_ESTIMATED = "estimated by a sample of rows, for want of pgstattuple or of rights to it"
# What of a page rows can take.
_USABLE = 8168 / 8192
# Partitions are mostly alike; of many the largest tell enough.
_HEAPS_SAMPLED = 5


def read_storage(
    store: Store, targets: Iterable[Target], counted: Mapping[str, Census | Unknown]
) -> StorageReading:
    """Read the tables of fields; `counted` has by field its census, where there is one."""
    tables: dict[str, list[Target]] = {}
    for target in targets:
        tables.setdefault(target.field.qualified_table, []).append(target)
    since = counted_since(store)
    # A large table that was not vacuumed for long would be read whole; a score can do without.
    with limits(store, statement="2s"):
        read = [
            (name, known(partial(_read, store, fields, _rows(fields, counted), since)))
            for name, fields in tables.items()
        ]
    return StorageReading(tuple(read))


def _rows(fields: Sequence[Target], counted: Mapping[str, Census | Unknown]) -> int:
    """Return the rows of a table, as counted by any of its fields that has all of them."""
    censuses = ((target, counted.get(target.field.name)) for target in fields)
    exact = [
        census.rows
        for target, census in censuses
        if isinstance(census, Census) and not target.field.where
    ]
    return max(exact, default=fields[0].rows)


def _read(
    store: Store, fields: Sequence[Target], rows: int, since: datetime | None
) -> TableReading:
    target = fields[0]
    heaps = heap_statistics(store, target)
    heap_bytes = sum(heap.heap_bytes for heap in heaps)
    width = known(partial(_width, store, target.heaps))
    return TableReading(
        name=target.field.qualified_table,
        pages=target.pages,
        rows=rows,
        heap_bytes=heap_bytes,
        index_bytes=sum(heap.index_bytes for heap in heaps),
        toast_bytes=sum(heap.toast_bytes for heap in heaps),
        row_bytes=width,
        slack=_slack(store, target, rows, width, heap_bytes),
        reserved=_reserved(heaps, heap_bytes),
        live=sum(heap.live for heap in heaps),
        dead=sum(heap.dead for heap in heaps),
        updated=sum(heap.updated for heap in heaps),
        hot=sum(heap.hot for heap in heaps),
        swept=known(partial(_swept, store, fields, since)),
        since=since,
    )


def _swept(store: Store, fields: Sequence[Target], since: datetime | None) -> int:
    if not schema.exists(store):
        return 0
    return sum(
        ledger.written_rows(store, target.field.name, heap.qualified, since)
        for target in fields
        for heap in target.heaps
    )


def _width(store: Store, heaps: Sequence[Heap]) -> float:
    """Return the mean width of a row over the largest heaps, each by its pages."""
    filled = [heap for heap in heaps if heap.pages]
    largest = sorted(filled, key=lambda heap: heap.pages)[-_HEAPS_SAMPLED:]
    if not largest:
        raise StoreError("the table is empty")
    widths = [(heap.pages, row_width(store, heap)) for heap in largest]
    return sum(pages * width for pages, width in widths) / sum(pages for pages, _ in widths)


def _slack(
    store: Store, target: Target, rows: int, width: float | Unknown, heap_bytes: int
) -> Slack | Unknown:
    measured = known(partial(_measured, store, target))
    if isinstance(measured, Slack):
        return measured
    if isinstance(width, Unknown):
        return width
    if not heap_bytes or not rows:
        return Unknown("the catalog knows of no rows; run ANALYZE")
    return Slack(max(0.0, 1 - rows * width / (heap_bytes * _USABLE)), _ESTIMATED)


def _measured(store: Store, target: Target) -> Slack | None:
    """Return what pgstattuple tells, where it stands and may be used."""
    extension = schema_of(store, "pgstattuple")
    if extension is None:
        return None
    function = sql.Identifier(extension, "pgstattuple_approx")
    oids = [heap.oid for heap in target.heaps]
    length, idle = store.need(APPROXIMATE, [oids], function=function)
    return Slack(idle / length, _MEASURED) if length else None


def _reserved(heaps: Sequence[HeapStatistics], heap_bytes: int) -> float:
    if not heap_bytes:
        return 0.0
    return sum((1 - heap.fillfactor / 100) * heap.heap_bytes for heap in heaps) / heap_bytes
