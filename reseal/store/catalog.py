"""What the catalog says of a field's table: columns, types, key, size."""

from dataclasses import dataclass

from psycopg import sql

from reseal.errors import FieldError, StoreError, Transient
from reseal.field import Field
from reseal.place import KeyPart
from reseal.store.store import Store, verbatim

TABLE = """
SELECT c.oid, c.relkind::text, pg_relation_size(c.oid) / current_setting('block_size')::int,
       greatest(c.reltuples, 0)::bigint
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relname = %s
"""

COLUMNS = """
SELECT a.attname, t.typname, n.nspname,
       CASE WHEN a.atttypmod > 4 AND t.typname IN ('varchar', 'bpchar') THEN a.atttypmod - 4 END,
       a.attnotnull
FROM pg_attribute a
JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped
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
SELECT pg_stat_get_tuples_inserted(t) + pg_stat_get_tuples_updated(t)
     + pg_stat_get_tuples_deleted(t) FROM (SELECT %s::oid) AS x (t)
"""

TRY = "SELECT {secret}, {key} FROM {table} AS t WHERE {where} LIMIT 0"

TEXT_TYPES = frozenset({"text", "varchar"})
_ORDINARY, _PARTITIONED = "r", "p"
# Key types whose text has neither comma nor doubt; every other travels as hex.
_PLAIN_KEY_TYPES = frozenset({"int2", "int4", "int8", "uuid"})


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `limit` is the n of varchar(n), None where there is none."""

    name: str
    type: str
    type_schema: str
    limit: int | None
    not_null: bool

    @property
    def is_text(self) -> bool:
        """Whether an envelope can stand in it without changing its type."""
        return self.type in TEXT_TYPES

    @property
    def is_plain_key(self) -> bool:
        """Whether as a key it is read as itself and its text needs no escape."""
        return self.type in _PLAIN_KEY_TYPES

    def spell(self, part: KeyPart) -> str:
        """Spell a key part so that it can be joined with others by commas."""
        return str(part) if self.is_plain_key else rf"\x{str(part).encode().hex()}"

    def unspelled(self, name: str) -> sql.Composable:
        """Return the expression that turns the spelling in column `v.name` back."""
        form = "v.{0}::{1}" if self.is_plain_key else "convert_from(v.{0}::bytea, 'UTF8')::{1}"
        return sql.SQL(form).format(
            sql.Identifier(name), sql.Identifier(self.type_schema, self.type)
        )


@dataclass(frozen=True, slots=True)
class Target:
    """A field together with what the catalog says of its table. `rows` is an estimate."""

    field: Field
    oid: int
    pages: int
    rows: int
    column: Column
    key: tuple[Column, ...]

    @property
    def table(self) -> sql.Identifier:
        """The table, quoted."""
        return sql.Identifier(self.field.schema, self.field.table)

    @property
    def secret(self) -> sql.Composable:
        """The column of the row `t`, quoted."""
        return sql.Identifier("t", self.field.column)

    @property
    def where(self) -> sql.Composable:
        """Which rows of the table belong to the field; the operator's own SQL."""
        return verbatim(self.field.where or "true")

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
        parts = [sql.SQL("{}::text").format(sql.Identifier("t", c.name)) for c in self.key]
        return sql.SQL("ARRAY[{}]").format(sql.SQL(", ").join(parts))

    @property
    def rows_per_page(self) -> float:
        """How many rows a page holds, by the catalog's estimate."""
        return max(1.0, self.rows / self.pages) if self.pages and self.rows else 50.0


def describe(store: Store, field: Field) -> Target:
    """Look the field up in the catalog; raise FieldError where it cannot be swept."""
    table = store.one(TABLE, [field.schema, field.table])
    if table is None:
        raise FieldError(f"field {field.name!r}: there is no table {field.qualified_table}")
    oid, kind, pages, rows = table
    if kind != _ORDINARY:
        what = "partitioned" if kind == _PARTITIONED else "not an ordinary table"
        raise FieldError(f"field {field.name!r}: {field.qualified_table} is {what}")
    columns = {name: Column(name, *rest) for name, *rest in store.execute(COLUMNS, [oid])}
    secret = columns.get(field.column)
    if secret is None:
        raise FieldError(
            f"field {field.name!r}: {field.qualified_table} has no column {field.column!r}"
        )
    if not secret.is_text:
        raise FieldError(
            f"field {field.name!r}: column {field.column!r} is {secret.type}, not text or varchar"
        )
    return Target(field, oid, pages, rows, secret, _key(store, field, oid, columns))


def try_reading(store: Store, target: Target) -> None:
    """Raise FieldError where the role may not read the field, or its `where` is no condition."""
    try:
        store.execute(
            TRY, (), secret=target.secret, key=target.key_values, table=target.table,
            where=target.where,
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
    return int(store.need(WRITTEN, [target.oid])[0])


def _key(store: Store, field: Field, oid: int, columns: dict[str, Column]) -> tuple[Column, ...]:
    names = field.key or tuple(name for (name,) in store.execute(PRIMARY_KEY, [oid]))
    if not names:
        raise FieldError(
            f"field {field.name!r}: {field.qualified_table} has no primary key; "
            "name a unique key as key = [...] in reseal.toml"
        )
    missing = [name for name in names if name not in columns]
    if missing:
        raise FieldError(f"field {field.name!r}: there is no key column {missing[0]!r}")
    if field.key and not _is_unique(store, oid, names):
        raise FieldError(f"field {field.name!r}: no unique index covers key = {list(names)}")
    # A unique index lets NULLs repeat, and a row without a key cannot be told from another.
    nullable = [name for name in names if not columns[name].not_null]
    if nullable:
        raise FieldError(f"field {field.name!r}: key column {nullable[0]!r} may be NULL")
    return tuple(columns[name] for name in names)


def _is_unique(store: Store, oid: int, names: tuple[str, ...]) -> bool:
    return bool(store.need(UNIQUE_KEY, [sorted(names), oid])[0])
