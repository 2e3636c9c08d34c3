"""How many connections the server, the database and the role still allow."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

from psycopg.rows import TupleRow

from reseal.pool.tier import Limit
from reseal.store.connection import Connection

_NAME = "reseal pool"

# Connections that only superusers or pg_use_reserved_connections may take are not ours; -1 is no
# limit. What other sessions hold is counted over the whole server, as `max_connections` is; of
# which kind the sessions of other roles are, not every role is told.
ROOM = """
SELECT current_setting('max_connections')::int
         - current_setting('superuser_reserved_connections')::int
         - coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0),
       (SELECT count(*) FROM pg_stat_activity
        WHERE coalesce(backend_type, 'client backend') = 'client backend' AND datid IS NOT NULL
          AND pid <> pg_backend_pid()),
       (SELECT datconnlimit FROM pg_database WHERE datname = current_database()),
       (SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()),
       (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user),
       (SELECT count(*) FROM pg_stat_activity
        WHERE usename = current_user AND pid <> pg_backend_pid())
"""

# Pools of one database grow one after the other: each sees what the one before it has taken.
TURN = "SELECT pg_try_advisory_xact_lock(hashtextextended('reseal pool', 0))"


def limits_of(url: str) -> list[Limit]:
    """Ask the server how many connections it, the database and the role still allow."""
    connection = Connection.open(url, _NAME, read_only=True)
    try:
        return limits_on(connection)
    finally:
        connection.close()


@contextmanager
def turn_to_grow(url: str) -> Iterator[list[Limit] | None]:
    """Yield what is still allowed, None where another pool grows now; none does in this block."""
    connection = Connection.open(url, _NAME, read_only=True)
    try:
        with connection.transaction():
            yield limits_on(connection) if _answer(connection, TURN)[0] else None
    finally:
        connection.close()


def limits_on(connection: Connection) -> list[Limit]:
    """Ask the same on a connection that is open."""
    row = _answer(connection, ROOM)
    named = zip(("the server", "the database", "the role"), row[::2], row[1::2], strict=True)
    return [Limit(name, allowed, used) for name, allowed, used in named if allowed >= 0]


def _answer(connection: Connection, statement: LiteralString) -> TupleRow:
    row = connection.execute(statement).fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM gives one row
    return row
