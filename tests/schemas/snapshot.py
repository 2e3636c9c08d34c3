"""What stands in every table, byte for byte as PostgreSQL would dump it."""

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from psycopg import sql

from tests.schemas.schema import Kept, Schema

COLUMNS = """
SELECT attname::text FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0
AND NOT attisdropped ORDER BY attnum
"""

# Where each row stands, and in which file: a table that was written anew has another one.
FILES = """
WITH RECURSIVE tree (oid) AS (SELECT %s::regclass::oid UNION
    SELECT inhrelid FROM tree JOIN pg_inherits ON inhparent = tree.oid)
SELECT oid::regclass::text, pg_relation_filenode(oid) FROM tree ORDER BY 1
"""

Key = tuple[str | None, ...]
Record = dict[str, str | None]


@dataclass(frozen=True)
class Snapshot:
    """The rows of one table by key, and the files that hold them."""

    rows: dict[Key, Record]
    files: list[tuple[str, int | None]]

    def column(self, name: str) -> dict[Key, str | None]:
        """The values of one column by row key."""
        return {key: row[name] for key, row in self.rows.items()}

    def others(self, schema: Schema) -> dict[Key, Record]:
        """The rows without the columns of the fields, and without what a run may change."""
        hidden = {one.column for one in schema.fields} | schema.changes
        return {
            key: {name: text for name, text in row.items() if name not in hidden}
            for key, row in self.rows.items()
        }


Snapshots = dict[str, Snapshot]


def identifier(schema: Schema) -> sql.Identifier:
    """The table, quoted."""
    return sql.Identifier(*schema.qualified.split(".", 1))


def take(connection: psycopg.Connection, schemas: list[Schema]) -> Snapshots:
    """Read every table."""
    return {schema.name: _one(connection, schema) for schema in schemas}


def _one(connection: psycopg.Connection, schema: Schema) -> Snapshot:
    table = identifier(schema)
    quoted = table.as_string(connection)
    columns = [name for (name,) in connection.execute(COLUMNS, [quoted])]
    rows = {}
    for values in _copied(connection, table, columns):
        row = dict(zip(["tableoid", *columns], values, strict=True))
        rows[tuple(row[name] for name in schema.key)] = _read(row, schema.fields)
    return Snapshot(rows, connection.execute(FILES, [quoted]).fetchall())


def _copied(
    connection: psycopg.Connection, table: sql.Identifier, columns: list[str]
) -> Iterator[tuple[str | None, ...]]:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY (SELECT tableoid::regclass, {} FROM {}) TO STDOUT")
    with connection.cursor().copy(statement.format(names, table)) as copy:
        yield from copy.rows()


def _read(row: Record, fields: tuple[Kept, ...]) -> Record:
    for one in fields:
        text = row[one.column]
        if one.is_bytes and text is not None:
            row[one.column] = bytes.fromhex(text.removeprefix(r"\x")).decode("latin-1")
    return row
