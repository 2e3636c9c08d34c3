"""Write back what had been read before it was sealed, as applications do that save whole rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
from psycopg import sql

from reseal.store.catalog import Target

READ = "CREATE TEMPORARY TABLE {stale} AS SELECT {columns} FROM {table}"

WRITE = """
UPDATE {table} AS t SET {column} = s.{column} FROM {stale} AS s
WHERE {same} AND t.{column}::text IS DISTINCT FROM s.{column}::text
"""

COUNT = "SELECT count(*) FROM {table} AS t JOIN {stale} AS s ON {same} WHERE {stands}"

STANDS = "t.{column}::text IS NOT DISTINCT FROM s.{column}::text"


class WriteBack:
    """What an application had read of a field's rows before a run."""

    def __init__(self, connection: psycopg.Connection, target: Target) -> None:
        self._connection = connection
        keys = [column.name for column in target.key]
        self._parts: dict[str, sql.Composable] = {
            "stale": sql.Identifier("pg_temp", f"stale_{uuid4().hex}"),
            "table": target.table,
            "column": sql.Identifier(target.field.column),
            "columns": sql.SQL(", ").join(map(sql.Identifier, [*keys, target.field.column])),
            "same": sql.SQL(" AND ").join(
                sql.SQL("t.{0} = s.{0}").format(sql.Identifier(key)) for key in keys
            ),
        }
        self._parts["stands"] = sql.SQL(STANDS).format(**self._parts)

    def read(self) -> None:
        """Read every row."""
        self._run(READ)

    def came_through(self) -> int:
        """Write every row back, and tell how many stand as they were read that did not before."""
        with self._undone():
            before = self._count()
            self._run(WRITE)
            return self._count() - before

    def _count(self) -> int:
        row = self._run(COUNT).fetchone()
        return int(row[0]) if row else 0

    def _run(self, statement: str) -> psycopg.Cursor:
        return self._connection.execute(sql.SQL(statement).format(**self._parts))

    @contextmanager
    def _undone(self) -> Iterator[None]:
        # Every other column is compared later, and triggers write some of those.
        with self._connection.transaction():
            yield
            raise psycopg.Rollback
