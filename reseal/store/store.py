"""A connection together with the schema where Reseal keeps its own tables."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString
from uuid import UUID

from psycopg import BaseConnection, Cursor, sql
from psycopg.rows import TupleRow

from reseal import about
from reseal.errors import StoreError
from reseal.store.connection import Connection

SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"

FETCH = "FETCH FORWARD {rows} FROM reseal_parts"

Parameters = Sequence[Any] | Mapping[str, Any]


def verbatim(text: str) -> sql.SQL:
    """Return SQL of the operator's own as a part of a statement: its `%` is no placeholder."""
    return sql.SQL(text.replace("%", "%%"))


def literal(text: str) -> sql.SQL:
    """Return a text of the operator's own, quoted, as a part of a statement."""
    return verbatim(sql.Literal(text).as_string())


def _spared(part: sql.Composable) -> sql.Composable:
    """Double each `%` in quoted names and values, which in them is no placeholder either."""
    if isinstance(part, sql.Composed):
        return sql.Composed([_spared(each) for each in part])
    is_quoted = isinstance(part, sql.Identifier | sql.Literal)
    return verbatim(part.as_string()) if is_quoted else part


@dataclass(frozen=True, slots=True)
class Statement:
    """A named statement with its values and identifiers, to be run wherever there is a connection.

    `{reseal}` in it stands for the schema; identifiers are `parts`, values are `parameters`.
    """

    text: LiteralString
    parameters: Parameters = ()
    parts: Mapping[str, sql.Composable] = field(default_factory=dict)

    def query(
        self, schema: str, connection: BaseConnection[Any]
    ) -> tuple[sql.Composed | bytes, Parameters | None]:
        """Return what a driver's connection executes, and with which parameters."""
        spared = {name: _spared(part) for name, part in self.parts.items()}
        composed = sql.SQL(self.text).format(reseal=sql.Identifier(schema), **spared)
        composed += verbatim(about.comment())
        if self.parameters:
            return composed, self.parameters
        # Without parameters the driver leaves `%%` as it stands; here it always means one `%`.
        return composed.as_bytes(connection).replace(b"%%", b"%"), None


@dataclass(frozen=True, slots=True)
class Store:
    """Run named statements; `{reseal}` in them stands for the schema.

    `correlation` names in the audit log what is done over this connection, unless a run does it.
    """

    connection: Connection
    schema: str = "reseal"
    correlation: UUID = field(default_factory=about.correlation, compare=False)

    def execute(
        self, statement: LiteralString, parameters: Parameters = (), **parts: sql.Composable
    ) -> Cursor[TupleRow]:
        """Run one statement; identifiers come as `parts`, values as `parameters`."""
        return self.run(Statement(statement, parameters, parts))

    def run(self, statement: Statement) -> Cursor[TupleRow]:
        """Run a statement that was made elsewhere."""
        return self.connection.execute(*statement.query(self.schema, self.connection))

    def one(
        self, statement: LiteralString, parameters: Parameters = (), **parts: sql.Composable
    ) -> TupleRow | None:
        """Run a statement and return its first row, if any."""
        return self.execute(statement, parameters, **parts).fetchone()

    def need(
        self, statement: LiteralString, parameters: Parameters = (), **parts: sql.Composable
    ) -> TupleRow:
        """Run a statement that always gives a row, and return it."""
        row = self.one(statement, parameters, **parts)
        if row is None:
            raise StoreError("the database gave no row where one was certain")
        return row

    def stream(
        self, statement: LiteralString, at_once: int, **parts: sql.Composable
    ) -> Iterator[TupleRow]:
        """Yield the rows of a query, so many at a time from the server; call it in a transaction.

        The statement has no parameters: values come as `parts`.
        """
        query, _ = Statement(statement, (), parts).query(self.schema, self.connection)
        with self.connection.cursor(name="reseal_stream") as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(at_once):
                yield from rows

    def in_parts(
        self,
        statement: LiteralString,
        at_once: int,
        parameters: Parameters,
        **parts: sql.Composable,
    ) -> Iterator[list[TupleRow]]:
        """Yield the rows of a query in parts; call it in a transaction.

        They come in binary: bytes are not spelled in hex on the way.
        """
        query = Statement(statement, parameters, parts).query(self.schema, self.connection)
        with self.connection.cursor(name="reseal_parts", binary=True) as cursor:
            cursor.execute(*query, binary=True)
            while rows := cursor.fetchmany(at_once):
                yield rows

    def in_parts_ahead(
        self,
        statement: LiteralString,
        at_once: int,
        parameters: Parameters,
        **parts: sql.Composable,
    ) -> Iterator[list[TupleRow]]:
        """Yield the same, each part while the server already makes the next one.

        Until the last one is taken nothing else may be asked of the connection.
        """
        query = Statement(statement, parameters, parts).query(self.schema, self.connection)
        with self.connection.cursor(name="reseal_parts", binary=True) as cursor:
            cursor.execute(*query, binary=True)
            with self.connection.pipeline():
                ahead = self._fetch(at_once)
                while rows := ahead.fetchall():
                    ahead = self._fetch(at_once)
                    yield rows

    def _fetch(self, rows: int) -> Cursor[TupleRow]:
        query = sql.SQL(FETCH).format(rows=sql.Literal(rows))
        return self.connection.cursor(binary=True).execute(query)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block in one transaction: all of it or nothing."""
        with self.connection.transaction():
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Run the block in one transaction that only reads, and all of it the same state."""
        with self.transaction():
            self.execute(SNAPSHOT)
            yield

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()
