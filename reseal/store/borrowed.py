"""A statement on a connection of the application's own pool, whose errors carry no row."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, LiteralString, TypeVar, cast

import psycopg
from psycopg import Cursor, sql
from psycopg.rows import TupleRow, tuple_row

from reseal.store.connection import Connection, store_error
from reseal.store.store import Parameters, Store

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

Found = TypeVar("Found")

# Whoever reads a secret inside a transaction already holds a connection: in a pool that is
# empty, waiting long for a second one would hold everybody up.
_SECONDS_TO_WAIT = 5.0


class Borrowed(Store):
    """A store on a connection that may have any row factory, and is not ours to close."""

    __slots__ = ()

    def execute(
        self, statement: LiteralString, parameters: Parameters = (), **parts: sql.Composable
    ) -> Cursor[TupleRow]:
        """Run one statement; `{reseal}` in it stands for the schema."""
        composed = sql.SQL(statement).format(reseal=sql.Identifier(self.schema), **parts)
        cursor = self.connection.cursor(row_factory=tuple_row)
        return cursor.execute(composed, parameters or None)


def borrow(pool: "ConnectionPool[Any]", schema: str, work: Callable[[Store], Found]) -> Found:
    """Do some work on a connection of the pool, in one transaction; raise StoreError only."""
    try:
        with pool.connection(timeout=_SECONDS_TO_WAIT) as connection:
            return work(Borrowed(cast(Connection, connection), schema))
    except psycopg.Error as error:
        failure = store_error(error)
    raise failure
