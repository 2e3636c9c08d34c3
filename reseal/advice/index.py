"""The indexes of a table's heaps, as the catalog has them and as the server has used them."""

from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import sql

from reseal.store.catalog import Target
from reseal.store.store import Store

# Of a partition's index, what is named in a statement is the index that it is a part of. Keys are
# spelled with operator class, collation and order: only what is equal in all of them is equal.
INDEXES = """
SELECT i.indrelid, i.indexrelid, m.amname::text,
       n.nspname::text, r.relname::text, r.relkind = 'I',
       array(SELECT concat_ws(' ', pg_get_indexdef(i.indexrelid, k, true), i.indclass[k - 1],
                              i.indcollation[k - 1], i.indoption[k - 1])
             FROM generate_series(1, i.indnkeyatts) AS k ORDER BY k),
       array(SELECT pg_get_indexdef(i.indexrelid, k, true)
             FROM generate_series(1, i.indnatts) AS k ORDER BY k),
       coalesce(pg_get_expr(i.indpred, i.indrelid), ''),
       i.indisunique OR i.indisexclusion,
       i.indisvalid AND i.indisready,
       (SELECT c.conname::text FROM pg_constraint AS c
        WHERE c.conindid = r.oid AND c.conrelid = ri.indrelid AND c.contype IN ('p', 'u', 'x')),
       a.attnum = ANY (i.indkey),
       a.attnum = ANY (i.indkey) OR EXISTS (
           SELECT FROM pg_depend AS d
           WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
             AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum),
       pg_relation_size(i.indexrelid), coalesce(pg_stat_get_numscans(i.indexrelid), 0)
FROM pg_index AS i
JOIN pg_class AS x ON x.oid = i.indexrelid JOIN pg_am AS m ON m.oid = x.relam
JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attname = %(column)s
JOIN pg_class AS r ON r.oid = coalesce(pg_partition_root(i.indexrelid)::oid, i.indexrelid)
JOIN pg_index AS ri ON ri.indexrelid = r.oid
JOIN pg_namespace AS n ON n.oid = r.relnamespace
WHERE i.indrelid = ANY (%(heaps)s::oid[]) ORDER BY i.indrelid, i.indexrelid
"""


@dataclass(frozen=True, slots=True)
class Index:
    """One index of one heap.

    `schema` and `name` are those of the index that a statement names: where the heap is a
    partition, mostly that of its parent. `columns` are the keys and what is included. `is_unique`
    is each that excludes rows, and so each that a constraint or the replication needs;
    `constraint` is the name of its own. `holds_secret` says that the secret is one of its columns,
    `mentions_secret` that a column, an expression or the predicate has it.
    """

    heap_oid: int
    oid: int
    method: str
    schema: str
    name: str
    is_partitioned: bool
    keys: list[str]
    columns: list[str]
    predicate: str
    is_unique: bool
    is_valid: bool
    constraint: str | None
    holds_secret: bool
    mentions_secret: bool
    bytes: int
    scans: int

    @property
    def quoted(self) -> str:
        """What a statement calls it, quoted."""
        return sql.Identifier(self.schema, self.name).as_string()

    @property
    def drop(self) -> str:
        """The statement that removes it; for a partitioned one PostgreSQL offers no other way."""
        if self.is_partitioned:
            return f"DROP INDEX {self.quoted};"
        return f"DROP INDEX CONCURRENTLY {self.quoted};"


def by_name(indexes: Iterable[Index]) -> list[list[Index]]:
    """Return indexes together that one statement names: those of all partitions."""
    named: dict[str, list[Index]] = {}
    for index in indexes:
        named.setdefault(index.quoted, []).append(index)
    return list(named.values())


def indexes(store: Store, target: Target) -> tuple[Index, ...]:
    """Return every index of every heap of a field's table."""
    values = {"column": target.field.column, "heaps": [heap.oid for heap in target.heaps]}
    return tuple(Index(*row) for row in store.execute(INDEXES, values))
