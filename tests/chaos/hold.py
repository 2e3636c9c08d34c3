"""Hold a run at an exact point: a trigger on one of Reseal's own tables waits for a lock.

The trigger is a test's, put on and taken off from outside. What it waits for is an advisory lock
that the test holds, so that the point has come when somebody waits.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from tests.flows.scene import wait_until

# A run gives up a lock after two seconds; in here it must not.
HOLD = """
CREATE FUNCTION public.chaos_hold() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $hold$
BEGIN
    IF {condition} THEN
        PERFORM pg_advisory_xact_lock_shared({lock});
    END IF;
    RETURN NEW;
END $hold$;
CREATE TRIGGER chaos_hold {when} ON reseal.{table}
    FOR EACH ROW EXECUTE FUNCTION public.chaos_hold();
"""

LET_GO = "DROP FUNCTION public.chaos_hold CASCADE"

LOCK, UNLOCK = "SELECT pg_advisory_lock(%s)", "SELECT pg_advisory_unlock(%s)"

WAITING = """
SELECT pid FROM pg_locks
WHERE locktype = 'advisory' AND NOT granted AND classid = 0 AND objid = %s
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

CUT = "SELECT pg_terminate_backend(pid, 10000) FROM unnest(%s::integer[]) AS pid"

# Sessions of the dead run only: who is held may as well be the application.
STILL_AT_IT = """
SELECT count(*) FROM pg_stat_activity
WHERE pid = ANY (%s) AND application_name LIKE 'reseal run%%'
"""

# The key version of an envelope, from its first characters; NULL of anything else.
VERSION = """
CREATE OR REPLACE FUNCTION public.chaos_version(stored text) RETURNS integer
LANGUAGE sql IMMUTABLE AS $$
SELECT CASE WHEN starts_with(stored, 'eyJr') THEN
    substring(encode(decode(left(stored, 24), 'base64'), 'escape') FROM '"keyVersion":(\\d+)')::int
END $$
"""

_LOCK_KEY = 8_675_309


@dataclass(frozen=True)
class Hold:
    """Who is held: a writer of a row of `table`, `when` it is written, if the condition is true.

    `lets_go` has the statement that is held go on when the run is dead: its row arrives late.
    Else its session is cut, as a server does that looks for its clients.
    """

    table: str
    when: str
    condition: str = "true"
    lets_go: bool = False


class Held:
    """A hold that is on; `has_come` says that somebody waits in it."""

    def __init__(self, connection: psycopg.Connection, hold: Hold) -> None:
        self._connection = connection
        self._hold = hold

    @property
    def has_come(self) -> bool:
        """Whether the point is reached."""
        return bool(self._waiting())

    def let_go(self) -> None:
        """Hold nobody any more."""
        self._ask(UNLOCK, _LOCK_KEY)

    def end(self) -> None:
        """Cut who waits or let them go on, once the run is dead, and see them gone."""
        waiting = self._waiting()
        if not self._hold.lets_go:
            self._ask(CUT, waiting)
        self.let_go()
        wait_until(lambda: self._ask(STILL_AT_IT, waiting) == [(0,)])

    def _waiting(self) -> list[int]:
        return [pid for (pid,) in self._ask(WAITING, _LOCK_KEY)]

    def _ask(self, query: str, *parameters: object) -> list[tuple]:
        return self._connection.execute(query.encode(), parameters).fetchall()


@contextmanager
def holding(connection: psycopg.Connection, hold: Hold) -> Iterator[Held]:
    """Have a hold on for the length of the block."""
    made = sql.SQL(HOLD).format(
        condition=sql.SQL(hold.condition),
        lock=sql.Literal(_LOCK_KEY),
        when=sql.SQL(hold.when),
        table=sql.Identifier(hold.table),
    )
    connection.execute(made)
    connection.execute(LOCK, [_LOCK_KEY])
    try:
        yield Held(connection, hold)
    finally:
        connection.execute("SELECT pg_advisory_unlock_all()")
        connection.execute(LET_GO)
