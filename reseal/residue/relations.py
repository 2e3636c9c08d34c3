"""The relations that can hold a field's old secrets, and the files that each is made of."""

from collections.abc import Iterable, Iterator, Sequence

from reseal.residue.place import File, Kind, Place
from reseal.store.catalog import Target
from reseal.store.store import Store

# Tables with their indexes, and what those keep out of line with the indexes of that.
RELATIONS = """
WITH heap AS (
    SELECT c.oid, c.reltoastrelid AS toast FROM pg_class c WHERE c.oid = ANY (%(heaps)s::oid[])),
part AS (
    SELECT 'heap' AS kind, oid FROM heap
    UNION ALL SELECT 'index', i.indexrelid FROM pg_index i JOIN heap h ON i.indrelid = h.oid
    UNION ALL SELECT 'toast', toast FROM heap WHERE toast <> 0
    UNION ALL SELECT 'toast', i.indexrelid FROM pg_index i JOIN heap h ON i.indrelid = h.toast)
SELECT part.kind, part.oid, part.oid::regclass::text, pg_relation_filepath(part.oid),
       pg_relation_size(part.oid)
FROM part WHERE pg_relation_filepath(part.oid) IS NOT NULL ORDER BY part.kind, part.oid
"""

# What the planner keeps: samples of the column, and of it together with others.
STATISTICS = """
SELECT ARRAY['pg_catalog.pg_statistic'::regclass::oid,
             'pg_catalog.pg_statistic_ext_data'::regclass::oid]
"""

SEGMENT = "SELECT pg_size_bytes(current_setting('segment_size'))"

# Values that are compressed show nothing of what is in them. A row that is too long for its page is
# compressed or moved out of line, and what is sealed is longer than what stood there before.
COMPRESSES = """
SELECT a.attstorage IN ('x', 'm') AND (
    EXISTS (SELECT FROM pg_class c WHERE c.oid = ANY (%(heaps)s::oid[]) AND c.reltoastrelid <> 0
            AND pg_relation_size(c.reltoastrelid) > 0)
    OR EXISTS (SELECT FROM {table} AS t WHERE pg_column_compression({stored}) IS NOT NULL))
FROM pg_attribute a WHERE a.attrelid = %(table)s AND a.attname = %(column)s
"""

HIDDEN = "documents of some length are compressed, and show nothing of what was in them"


def relation_places(
    store: Store, targets: Sequence[Target], unseen: str | None, *, hides: bool
) -> list[Place]:
    """Return the heaps, indexes and out-of-line parts of the fields' tables.

    `unseen` is why their files cannot be looked at; `hides` whether some values are compressed.
    """
    heaps = sorted({heap.oid for target in targets for heap in target.heaps})
    if unseen:
        return [Place(Kind(kind), name, unseen=unseen) for kind, name in _kinds(targets)]
    return list(_places(store, heaps, hides=hides))


def statistics_places(store: Store, unseen: str | None) -> list[Place]:
    """Return what the planner keeps of all tables of the database, as one kind of place."""
    if unseen:
        return [Place(Kind.STATISTICS, "pg_statistic", unseen=unseen)]
    catalogs = store.need(STATISTICS)[0]
    found = _places(store, catalogs, hides=False)
    return [Place(Kind.STATISTICS, place.name, place.files, place.oid) for place in found]


def _kinds(targets: Iterable[Target]) -> Iterator[tuple[str, str]]:
    for table in sorted({target.field.qualified_table for target in targets}):
        yield "heap", table
        yield "index", f"the indexes of {table}"
        yield "toast", f"what is out of line of {table}"


def compresses(store: Store, target: Target) -> bool:
    """Say whether values of a field's column are compressed, or may be."""
    if not target.is_document:
        return False
    heaps = [heap.oid for heap in target.heaps]
    values = {"heaps": heaps, "table": target.oid, "column": target.field.column}
    parts = {"table": target.table, "stored": target.stored}
    return bool(store.need(COMPRESSES, values, **parts)[0])


def _places(store: Store, heaps: Sequence[int], *, hides: bool) -> Iterator[Place]:
    segment = int(store.need(SEGMENT)[0])
    for kind, oid, name, path, size in store.execute(RELATIONS, {"heaps": list(heaps)}):
        files = tuple(_segments(path, size, segment))
        why = HIDDEN if hides and kind != "index" else None
        yield Place(Kind(kind), name, files, oid, unseen=why)


def _segments(path: str, size: int, segment: int) -> Iterator[File]:
    for number, first in enumerate(range(0, size, segment)):
        yield File(f"{path}.{number}" if number else path, min(segment, size - first))
