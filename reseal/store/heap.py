"""Heaps: where the rows of a table are stored, which for most tables is the table itself."""

from dataclasses import dataclass

from psycopg import sql

from reseal.errors import FieldError
from reseal.field import Field
from reseal.store.store import Store

# A partition that is being detached is no longer read through its parent.
RELATIONS = """
WITH RECURSIVE tree (oid) AS (
    SELECT %s::oid UNION
    SELECT i.inhrelid FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid
    WHERE NOT i.inhdetachpending
)
SELECT c.oid, n.nspname, c.relname, c.relkind::text,
       pg_relation_size(c.oid) / current_setting('block_size')::int,
       greatest(c.reltuples, 0)::bigint
FROM tree JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace
ORDER BY n.nspname, c.relname
"""

BLOCK = "SELECT current_setting('block_size')::int"

_ORDINARY, _PARTITIONED = "r", "p"


@dataclass(frozen=True, slots=True)
class Heap:
    """One table that stores rows: the field's own, a partition or an heir. `rows` is estimated."""

    oid: int
    schema: str
    table: str
    pages: int
    rows: int

    @property
    def qualified(self) -> str:
        """The table as a person writes it, and as the ledger has it."""
        return f"{self.schema}.{self.table}"

    @property
    def name(self) -> sql.Identifier:
        """The table, quoted."""
        return sql.Identifier(self.schema, self.table)


def heaps_of(store: Store, field: Field, oid: int) -> tuple[Heap, ...]:
    """Return every heap under a table; raise FieldError where one is stored elsewhere."""
    heaps = []
    for heap, schema, table, kind, pages, rows in store.execute(RELATIONS, [oid]):
        if kind == _PARTITIONED:
            continue
        if kind != _ORDINARY:
            raise FieldError(
                f"field {field.name!r}: {schema}.{table}, a part of {field.qualified_table}, is a "
                "foreign table; detach it, and run Reseal where its rows are stored",
                "table",
            )
        heaps.append(Heap(heap, schema, table, pages, rows))
    return tuple(heaps)


def relations_of(store: Store, oid: int) -> tuple[int, ...]:
    """Return a table, its partitions and heirs, and the partitioned tables in between."""
    return tuple(relation for relation, *_ in store.execute(RELATIONS, [oid]))


def block_size(store: Store) -> int:
    """Return how many bytes a page has."""
    return int(store.need(BLOCK)[0])
