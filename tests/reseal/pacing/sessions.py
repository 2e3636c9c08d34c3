"""Other sessions of a server, that do something while a test looks."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Thread

import psycopg


@contextmanager
def sessions(database: str, *statements: str, name: str = "shop") -> Iterator[None]:
    """Sessions of an application's, each of which is busy with a statement."""
    with ExitStack() as stack:
        opened = [
            stack.enter_context(psycopg.connect(database, application_name=name))
            for _ in statements
        ]
        for connection, statement in zip(opened, statements, strict=True):
            Thread(target=_busy, args=(connection, statement), daemon=True).start()
        try:
            yield
        finally:
            for connection in opened:
                connection.cancel_safe()


def _busy(connection: psycopg.Connection, statement: str) -> None:
    with suppress(psycopg.Error):
        connection.execute(statement.encode())
