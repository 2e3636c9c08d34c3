"""The simulated application's own statements, on any table that a field describes."""

from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.rows import TupleRow, tuple_row

from reseal.conditions import is_empty
from reseal.place import KeyPart
from reseal.store.catalog import Target
from reseal.store.store import Store

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

Key = tuple[KeyPart, ...]

SAMPLE = """
SELECT {secret}, {key} FROM {table} AS t WHERE ({where}) AND NOT {empty}
ORDER BY random() LIMIT %s
"""

HAS_LAST_LOGIN = """
SELECT EXISTS (SELECT FROM pg_attribute
               WHERE attrelid = %s AND attname = 'last_login' AND NOT attisdropped)
"""

READ = "SELECT {secret} FROM {table} AS t WHERE {same_key}"

WRITE = "UPDATE {table} AS t SET {column} = %s WHERE {same_key}"

LOGGED_IN = "UPDATE {table} AS t SET last_login = clock_timestamp() WHERE {same_key}"


class Table:
    """Read and write single rows, guarded by nothing, as applications do."""

    def __init__(self, pool: "ConnectionPool[Any]", store: Store, target: Target) -> None:
        self.field = target.field
        self._pool = pool
        self._store = store
        self._target = target
        self._has_last_login = bool(store.need(HAS_LAST_LOGIN, [target.oid])[0])

    def sample(self, size: int) -> list[tuple[Key, str]]:
        """Return keys and stored values of some random users who have a secret."""
        target = self._target
        rows = self._store.execute(
            SAMPLE,
            [size],
            secret=target.secret,
            key=target.key_values,
            table=target.table,
            where=target.where,
            empty=is_empty(target),
        )
        return [(tuple(key), text) for text, *key in rows]

    def read(self, key: Key) -> str | None:
        """Return what a user's row holds."""
        rows = self._run(sql.SQL(READ), key, [])
        return rows[0][0] if rows else None

    def write(self, key: Key, value: str | None) -> None:
        """Store a value, or NULL, in a user's row."""
        self._run(sql.SQL(WRITE), key, [value])

    def logged_in(self, key: Key) -> None:
        """Note the time of a login, where the table has a column for it."""
        if self._has_last_login:
            self._run(sql.SQL(LOGGED_IN), key, [])

    def _run(self, statement: sql.SQL, key: Key, values: list[str | None]) -> list[TupleRow]:
        target = self._target
        composed = statement.format(
            secret=target.secret,
            table=target.table,
            column=sql.Identifier(target.field.column),
            same_key=_same_key(target),
        )
        with self._pool.connection() as connection, connection.cursor(row_factory=tuple_row) as cur:
            cur.execute(composed, [*values, *key])
            return cur.fetchall() if cur.description else []


def _same_key(target: Target) -> sql.Composable:
    # The parameter is cast, not the column, so that the index over the key serves.
    return sql.SQL(" AND ").join(
        sql.SQL("{} = %s::{}").format(
            sql.Identifier("t", column.name), sql.Identifier(column.type_schema, column.type)
        )
        for column in target.key
    )
