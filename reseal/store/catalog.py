"""What the catalog says of a field's table: heaps, columns, types, key, size."""

from dataclasses import dataclass

from psycopg import sql

from reseal.errors import FieldError, StoreError, Transient
from reseal.field import Field
from reseal.store import aside
from reseal.store.column import CODECS, DOCUMENTS, Column
from reseal.store.heap import Heap, heaps_of
from reseal.store.store import Store, verbatim

TABLE = """
SELECT c.oid, c.relkind::text, c.relispartition,
       (SELECT string_agg(i.inhparent::regclass::text, ', ') FROM pg_inherits i
        WHERE i.inhrelid = c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relname = %s
"""

# A domain is followed to the type it is made of; the nearest length on the way is the one in force.
COLUMNS = """
WITH RECURSIVE made_of (attnum, type, modifier, depth) AS (
    SELECT attnum, atttypid, atttypmod, 0 FROM pg_attribute
    WHERE attrelid = %(oid)s AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT m.attnum, t.typbasetype, CASE WHEN m.modifier < 0 THEN t.typtypmod ELSE m.modifier END,
           m.depth + 1
    FROM made_of m JOIN pg_type t ON t.oid = m.type WHERE t.typtype = 'd'
)
SELECT a.attname, t.typname, n.nspname,
       CASE WHEN m.modifier > 4 AND t.typname IN ('varchar', 'bpchar', '_varchar')
            THEN m.modifier - 4 END,
       a.attnotnull, CASE WHEN m.depth > 0 THEN a.atttypid::regtype::text END
FROM made_of m JOIN pg_attribute a ON a.attrelid = %(oid)s AND a.attnum = m.attnum
JOIN pg_type t ON t.oid = m.type JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype <> 'd'
"""

PRIMARY_KEY = """
SELECT a.attname FROM pg_index i
CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, position)
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = %s AND i.indisprimary AND k.position <= i.indnkeyatts ORDER BY k.position
"""

UNIQUE_KEY = """
SELECT bool_or((
    SELECT array_agg(a.attname::text ORDER BY a.attname::text)
    FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, position)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE k.position <= i.indnkeyatts) = %s)
FROM pg_index i
WHERE i.indrelid = %s AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
  AND i.indexprs IS NULL
"""

WRITTEN = """
SELECT coalesce(sum(pg_stat_get_tuples_inserted(t) + pg_stat_get_tuples_updated(t)
                    + pg_stat_get_tuples_deleted(t)), 0)::bigint FROM unnest(%s::oid[]) AS x (t)
"""

TRY = "SELECT {secret}, {key} FROM {table} AS t WHERE {where} LIMIT 0"

_KINDS = {
    "v": "a view; name the table that holds the column",
    "m": "a materialized view; name the table that it is made of",
    "f": "a foreign table; run Reseal where its rows are stored",
    "S": "a sequence",
    "i": "an index",
    "c": "a type",
}
_ORDINARY = frozenset("rp")


@dataclass(frozen=True, slots=True)
class Target:
    """A field together with what the catalog says of its table.

    `heaps` are where the rows are stored: the table itself, or its partitions, or the table and
    those that inherit from it. `aside` is the schema in which envelopes are kept aside, once
    there is one.
    """

    field: Field
    oid: int
    heaps: tuple[Heap, ...]
    column: Column
    key: tuple[Column, ...]
    aside: str | None = None
    is_partitioned: bool = False

    @property
    def table(self) -> sql.Identifier:
        """The table, quoted; with its partitions and heirs."""
        return sql.Identifier(self.field.schema, self.field.table)

    @property
    def oids(self) -> list[int]:
        """The table and every heap of it."""
        return sorted({self.oid, *(heap.oid for heap in self.heaps)})

    @property
    def has_heirs(self) -> bool:
        """Whether other tables inherit from it, so that a key is unique in each of them only."""
        return len(self.heaps) > 1 and not self.is_partitioned

    @property
    def pages(self) -> int:
        """How many pages all heaps have."""
        return sum(heap.pages for heap in self.heaps)

    @property
    def rows(self) -> int:
        """How many rows there are, by the catalog's estimate."""
        return sum(heap.rows for heap in self.heaps)

    @property
    def is_document(self) -> bool:
        """Whether a cell is a document that holds secrets, and not a secret itself."""
        return self.field.path is not None

    @property
    def stored(self) -> sql.Composable:
        """The column of the row `t` as it stands, quoted."""
        return sql.Identifier("t", self.field.column)

    @property
    def cell(self) -> sql.Composable:
        """The text of the row `t` that holds its secret, character for character."""
        return self._through(self.column.read(self.stored))

    @property
    def secret(self) -> sql.Composable:
        """The text of the row `t` that a shape is told by; only where a cell is one secret."""
        return self._through(self.column.judge(self.stored))

    @property
    def where(self) -> sql.Composable:
        """Which rows of the table belong to the field; the operator's own SQL."""
        # The end of the line ends a remark in it, before it swallows what follows.
        return verbatim(f"{self.field.where}\n" if self.field.where else "true")

    @property
    def key_values(self) -> sql.Composable:
        """The key columns of the row `t`, as a select list."""
        return sql.SQL(", ").join(
            sql.SQL("{}" if column.is_plain_key else "{}::text").format(
                sql.Identifier("t", column.name)
            )
            for column in self.key
        )

    @property
    def key_texts(self) -> sql.Composable:
        """The key of the row `t` as text[], as `backup` and `quarantine` write it."""
        return sql.SQL("ARRAY[{}]").format(sql.SQL(", ").join(self._key_parts))

    @property
    def first_key_text(self) -> sql.Composable:
        """The first element of `key_texts`, by which `backup` finds a row."""
        return self._key_parts[0]

    @property
    def _key_parts(self) -> list[sql.Composed]:
        # Compared as bytes: what a column's collation holds for equal is one row's business.
        text = sql.SQL('({}::text COLLATE "C")')
        return [text.format(sql.Identifier("t", column.name)) for column in self.key]

    @property
    def rows_per_page(self) -> float:
        """How many rows a page holds, by the catalog's estimate."""
        return max(1.0, self.rows / self.pages) if self.pages and self.rows else 50.0

    def _through(self, text: sql.Composable) -> sql.Composable:
        if not self.aside:
            return text
        return aside.looked_up(self.aside, self.field, self.column.judge(self.stored), text)


def describe(store: Store, field: Field) -> Target:
    """Look the field up in the catalog; raise FieldError where it cannot be swept."""
    oid, kind = _table(store, field)
    columns = {name: Column(name, *rest) for name, *rest in store.execute(COLUMNS, {"oid": oid})}
    return Target(
        field,
        oid,
        heaps_of(store, field, oid),
        _secret_column(field, columns),
        _key(store, field, oid, columns),
        store.schema if field.keeps_aside and aside.exists(store) else None,
        is_partitioned=kind == "p",
    )


def try_reading(store: Store, target: Target) -> None:
    """Raise FieldError where the role may not read the field, or its `where` is no condition."""
    try:
        store.execute(
            TRY, (), secret=target.column.read(target.stored), key=target.key_values,
            table=target.table, where=target.where,
        )  # fmt: skip
        return
    except Transient:
        raise
    except StoreError as error:
        said = str(error)
    raise FieldError(
        f"field {target.field.name!r} cannot be read: {said}; `reseal check` says what to mend"
    )


def rows_written(store: Store, target: Target) -> int:
    """Return how many rows anyone ever wrote to the table, as the server's statistics have it."""
    return int(store.need(WRITTEN, [target.oids])[0])


def _table(store: Store, field: Field) -> tuple[int, str]:
    found = store.one(TABLE, [field.schema, field.table])
    if found is None:
        raise FieldError(
            f"field {field.name!r}: there is no table {field.qualified_table}", "table"
        )
    oid, kind, is_partition, parents = found
    what = _KINDS.get(kind, "not an ordinary table") if kind not in _ORDINARY else None
    if is_partition:
        what = f"a partition; name {parents}, of which it holds only some of the rows"
    if what:
        raise FieldError(f"field {field.name!r}: {field.qualified_table} is {what}", "table")
    return oid, kind


def _secret_column(field: Field, columns: dict[str, Column]) -> Column:
    at = f"field {field.name!r}: "
    secret = columns.get(field.column)
    if secret is None:
        raise FieldError(f"{at}{field.qualified_table} has no column {field.column!r}", "column")
    fault = _unfit(field, secret)
    if fault:
        raise FieldError(f"{at}column {field.column!r} is {secret.type}{fault}", "type")
    return secret


def _unfit(field: Field, secret: Column) -> str | None:
    if secret.type not in CODECS:
        kept = "text, varchar, char, citext, bytea, json, jsonb, text[] or varchar[]"
        return f", of which no value can become an envelope; it must be {kept}"
    if secret.type in DOCUMENTS and field.path is None:
        return '; say with path = "..." where in it the secret stands, [*] for every element'
    if secret.is_bytes and field.path is not None:
        return ", in which path cannot lead anywhere; it needs json, jsonb, text or an array"
    if secret.is_bytes != (field.format == "bytes") and field.format == "bytes":
        return '; format = "bytes" is for bytea'
    return None


def _key(store: Store, field: Field, oid: int, columns: dict[str, Column]) -> tuple[Column, ...]:
    names = field.key or tuple(name for (name,) in store.execute(PRIMARY_KEY, [oid]))
    fault = _unfit_key(field, names, columns)
    if fault is None and field.key and not _is_unique(store, oid, names):
        fault = f"no unique index covers key = {list(names)}"
    # A unique index lets NULLs repeat, and a row without a key cannot be told from another.
    nullable = [name for name in names if name in columns and not columns[name].not_null]
    if fault is None and nullable:
        fault = f"key column {nullable[0]!r} may be NULL"
    if fault:
        raise FieldError(f"field {field.name!r}: {fault}", "key")
    return tuple(columns[name] for name in names)


def _unfit_key(field: Field, names: tuple[str, ...], columns: dict[str, Column]) -> str | None:
    if not names:
        return (
            f"{field.qualified_table} has no primary key; "
            "name a unique key as key = [...] in reseal.toml"
        )
    missing = [name for name in names if name not in columns]
    if missing:
        return f"there is no key column {missing[0]!r}"
    if field.column in names:
        return (
            f"column {field.column!r} is part of the key that its envelope would be bound to; "
            "name another unique key as key = [...] in reseal.toml"
        )
    return None


def _is_unique(store: Store, oid: int, names: tuple[str, ...]) -> bool:
    return bool(store.need(UNIQUE_KEY, [sorted(names), oid])[0])
