"""Transactions on connections of the application's own pool, whose errors carry no row."""

import os
from typing import TYPE_CHECKING, Any, Protocol

import psycopg
from psycopg import AsyncConnection, Connection
from psycopg.rows import TupleRow, tuple_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from reseal.errors import ConnectionLost, StoreError, Transient, Unreachable
from reseal.store.connection import store_error
from reseal.store.store import Statement

if TYPE_CHECKING:
    from psycopg_pool import AsyncConnectionPool

# Whoever reads a secret inside a transaction already holds a connection: in a pool that is
# empty, waiting long for a second one would hold everybody up.
_SECONDS_TO_WAIT = 5.0
# Where the database's default isolation is serializable, two logins at once may collide.
_ATTEMPTS = 3
_MOST_AFTER_A_FORK = 2

Statements = tuple[Statement, ...]
Answers = list[list[TupleRow]]


class Borrower(Protocol):
    """What runs transactions."""

    def transact(self, statements: Statements) -> Answers:
        """Run statements in one transaction and return the rows of each."""


class AsyncBorrower(Protocol):
    """What runs transactions on an event loop."""

    async def transact(self, statements: Statements) -> Answers:
        """Run statements in one transaction and return the rows of each."""


class Lender:
    """Borrow connections of a pool; in a process that was forked, of a pool like it."""

    def __init__(self, pool: "ConnectionPool[Any]", schema: str) -> None:
        self._pool = pool
        self._process = os.getpid()
        self.schema = schema

    def transact(self, statements: Statements) -> Answers:
        """Run statements in one transaction and return the rows of each; raise StoreError only."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._once(statements)
            except Transient as error:
                _need_another_try(error)
        return self._once(statements)

    def _once(self, statements: Statements) -> Answers:
        try:
            with self._own().connection(timeout=_SECONDS_TO_WAIT) as connection:
                return on(connection, self.schema, statements)
        except psycopg.Error as error:
            failure = _failure(error)
        raise failure

    def _own(self) -> "ConnectionPool[Any]":
        if self._process != os.getpid():
            # The parent's connections are open here too; two processes that speak on one of
            # them would read each other's answers.
            self._pool, self._process = _like(self._pool), os.getpid()
        return self._pool


class AsyncLender:
    """Borrow connections of an asyncio pool."""

    def __init__(self, pool: "AsyncConnectionPool[Any]", schema: str) -> None:
        self._pool = pool
        self.schema = schema

    async def transact(self, statements: Statements) -> Answers:
        """Run statements in one transaction and return the rows of each; raise StoreError only."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return await self._once(statements)
            except Transient as error:
                _need_another_try(error)
        return await self._once(statements)

    async def _once(self, statements: Statements) -> Answers:
        try:
            async with self._pool.connection(timeout=_SECONDS_TO_WAIT) as connection:
                return await on_async(connection, self.schema, statements)
        except psycopg.Error as error:
            failure = _failure(error)
        raise failure


class OnConnection:
    """Run statements on one connection of the application's, inside its own transaction."""

    def __init__(self, connection: Connection[Any], schema: str) -> None:
        self._connection = connection
        self._schema = schema

    def transact(self, statements: Statements) -> Answers:
        """Run statements as one step of the transaction; raise StoreError only."""
        try:
            return on(self._connection, self._schema, statements)
        except psycopg.Error as error:
            failure = _failure(error)
        raise failure


class OnAsyncConnection:
    """Run statements on one asyncio connection of the application's."""

    def __init__(self, connection: AsyncConnection[Any], schema: str) -> None:
        self._connection = connection
        self._schema = schema

    async def transact(self, statements: Statements) -> Answers:
        """Run statements as one step of the transaction; raise StoreError only."""
        try:
            return await on_async(self._connection, self._schema, statements)
        except psycopg.Error as error:
            failure = _failure(error)
        raise failure


def on(connection: Connection[Any], schema: str, statements: Statements) -> Answers:
    """Run statements on a connection: in its transaction, or in one of their own."""
    answers = []
    with connection.transaction(), connection.cursor(row_factory=tuple_row) as cursor:
        for statement in statements:
            # A run may widen the column: a prepared plan would then refuse to give its rows.
            cursor.execute(*statement.query(schema, connection), prepare=False)
            answers.append(cursor.fetchall() if cursor.description else [])
    return answers


async def on_async(
    connection: AsyncConnection[Any], schema: str, statements: Statements
) -> Answers:
    """Run statements on an asyncio connection: in its transaction, or in one of their own."""
    answers = []
    async with connection.transaction(), connection.cursor(row_factory=tuple_row) as cursor:
        for statement in statements:
            await cursor.execute(*statement.query(schema, connection), prepare=False)
            answers.append(await cursor.fetchall() if cursor.description else [])
    return answers


def _like(pool: "ConnectionPool[Any]") -> "ConnectionPool[Any]":
    return ConnectionPool(
        pool.conninfo,
        connection_class=pool.connection_class,
        kwargs=pool.kwargs,
        min_size=0,
        max_size=_MOST_AFTER_A_FORK,
        open=True,
    )


def _need_another_try(error: Transient) -> None:
    # What was being committed when a connection broke may stand: done again, a login would meet
    # its own token as one that was used.
    if isinstance(error, ConnectionLost):
        raise error


def _failure(error: psycopg.Error) -> StoreError:
    if isinstance(error, PoolTimeout):
        return Unreachable(
            f"the pool gave no connection within {_SECONDS_TO_WAIT:.0f} seconds: the database is "
            "away, or the pool is too small"
        )
    if isinstance(error, PoolClosed):
        return Unreachable("the application has closed the pool")
    return store_error(error)
