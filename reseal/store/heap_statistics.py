"""What the server knows of a heap besides its rows: sizes, settings, how it was written to."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from reseal.errors import StoreError
from reseal.store.catalog import Target
from reseal.store.heap import Heap
from reseal.store.store import Store

# PostgreSQL's own, where nothing is set: four rows a page.
TOAST_TARGET = 2032

# Until a transaction reads them anew, the statistics are those that it has read first.
FIGURES = """
SELECT c.oid, pg_relation_size(c.oid), pg_indexes_size(c.oid),
       coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0),
       coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0),
       coalesce((SELECT option_value::int FROM pg_options_to_table(c.reloptions)
                 WHERE option_name = 'fillfactor'), 100),
       coalesce((SELECT option_value::int FROM pg_options_to_table(c.reloptions)
                 WHERE option_name = 'toast_tuple_target'), {toast_target}),
       pg_stat_get_live_tuples(c.oid), pg_stat_get_dead_tuples(c.oid),
       pg_stat_get_tuples_updated(c.oid), pg_stat_get_tuples_hot_updated(c.oid), {moved}
FROM pg_class AS c WHERE c.oid = ANY (%s::oid[])
"""

# Updates for which the page had no room; the server counts them from version 16 on.
MOVED = "pg_stat_get_tuples_newpage_updated(c.oid)"
COUNTS_MOVED = 160000

SINCE = """
SELECT pg_stat_get_db_stat_reset_time(oid) FROM pg_database WHERE datname = current_database()
"""

COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped AND attgenerated <> 'v' ORDER BY attnum
"""

# What a value takes in its row: of one that is in TOAST, a pointer. Which are there the server
# tells from version 17 on; before, those count that no row has room for.
VALUE = """
CASE WHEN pg_column_toast_chunk_id({value}) IS NULL THEN coalesce(pg_column_size({value}), 0)
     ELSE 18 END
"""
VALUE_BEFORE = """
CASE WHEN pg_column_size({value}) > 2000 THEN 18 ELSE coalesce(pg_column_size({value}), 0) END
"""
TELLS_TOAST = 170000

# A row begins with 23 bytes and one bit a column, is aligned to 8 bytes, and has a pointer of 4 in
# its page. The same pages every time.
WIDTH = """
SELECT avg(4 + ({head} + {values} + 7) / 8 * 8)::float
FROM {heap} AS t TABLESAMPLE SYSTEM ({percent}) REPEATABLE (1)
"""

_PAGES_SAMPLED = 200


@dataclass(frozen=True, slots=True)
class HeapStatistics:
    """The figures of one heap; `live` to `moved` are counts of the server's since it counts.

    `toast_bytes` are those of TOAST with its index, `outside_bytes` without; `moved` is None where
    the server does not count for which updates a page had no room.
    """

    heap: Heap
    heap_bytes: int
    index_bytes: int
    toast_bytes: int
    outside_bytes: int
    fillfactor: int
    toast_target: int
    live: int
    dead: int
    updated: int
    hot: int
    moved: int | None


def heap_statistics(store: Store, target: Target) -> tuple[HeapStatistics, ...]:
    """Return the figures of every heap of a field's table."""
    counts = store.connection.info.server_version >= COUNTS_MOVED
    parts = {
        "moved": sql.SQL(MOVED if counts else "NULL::bigint"),
        "toast_target": sql.Literal(TOAST_TARGET),
    }
    heaps = {heap.oid: heap for heap in target.heaps}
    rows = store.execute(FIGURES, [list(heaps)], **parts)
    found = {oid: HeapStatistics(heaps[oid], *figures) for oid, *figures in rows}
    return tuple(found[oid] for oid in heaps if oid in found)


def counted_since(store: Store) -> datetime | None:
    """Return since when the server counts; None where it never began anew."""
    since: datetime | None = store.need(SINCE)[0]
    return since


def row_width(store: Store, heap: Heap) -> float:
    """Return how many bytes of a page a row needs, on average, by a sample of pages.

    What is in TOAST does not count.

    The planner's statistics would not do: they have nothing of a column that is left out of them.
    """
    names = [name for (name,) in store.execute(COLUMNS, [heap.oid])]
    tells = store.connection.info.server_version >= TELLS_TOAST
    value = sql.SQL(VALUE if tells else VALUE_BEFORE)
    values = [value.format(value=sql.Identifier("t", name)) for name in names]
    width = store.need(
        WIDTH,
        (),
        head=sql.Literal((23 + (len(names) + 7) // 8 + 7) // 8 * 8),
        values=sql.SQL(" + ").join(values),
        heap=heap.name,
        percent=sql.Literal(min(100.0, 100.0 * _PAGES_SAMPLED / max(heap.pages, 1))),
    )[0]
    if width is None:
        raise StoreError(f"no row of {heap.schema}.{heap.table} was met in a sample of its pages")
    return float(width)
