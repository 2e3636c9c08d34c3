"""The door to psycopg: connections whose errors carry no row, and no cause that does."""

from typing import Any, Self, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow

from reseal.errors import ConnectionLost, RowRefused, StoreError, Transient, Unreachable
from reseal.store.arrays import Array, ArrayDumper

Found = TypeVar("Found")

# How long a statement waits for a lock, and takes, where nothing else is said.
LOCK_TIMEOUT, STATEMENT_TIMEOUT = "2s", "10min"

# Row keys are bound as text where they are neither integer nor uuid: their text must not depend
# on how a server or a role is set, nor must what libpq makes of bytes and of backslashes. Row-level
# security must raise, not hide rows.
_SESSION = f"""
SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres';
SET bytea_output = 'hex'; SET extra_float_digits = 1; SET standard_conforming_strings = on;
SET lock_timeout = '{LOCK_TIMEOUT}'; SET statement_timeout = '{STATEMENT_TIMEOUT}';
SET idle_in_transaction_session_timeout = '60s'; SET row_security = off;
"""

_ON_ONE_CORE = """
SET max_parallel_workers_per_gather = 0; SET max_parallel_maintenance_workers = 0
"""

_TRANSIENT = frozenset({"55P03", "40P01", "40001", "57014", "53300"})
_LOST = frozenset({"57P01", "57P02", "57P03", "08000", "08003", "08006", "25P03"})
# Data, constraint and trigger faults; what a trigger raises of its own; a value too long to index.
_ROW_CLASSES = ("22", "23", "27", "38", "39", "44", "45", "54", "P0")
# Messages of these classes name tables, columns, roles and settings; of all others, perhaps
# values (a CHECK violation prints the row), so those are replaced by the condition's name.
_HARMLESS_CLASSES = ("08", "25", "28", "3D", "3F", "42", "53", "55", "57")


class Connection(psycopg.Connection[TupleRow]):
    """A connection that raises StoreError in place of every psycopg error.

    The new error is raised outside the `except` block, so that the old one, which may hold a
    row, is neither its cause nor its context.
    """

    def wait(self, *args: Any, **kwargs: Any) -> Any:
        """Drive one exchange with the server; every statement passes through here."""
        try:
            return super().wait(*args, **kwargs)
        except psycopg.Error as error:
            failure = store_error(error)
        raise failure

    def execute(self, *args: Any, **kwargs: Any) -> psycopg.Cursor[TupleRow]:
        """Run a statement; on a closed connection the driver would raise past `wait`."""
        if self.closed:
            raise ConnectionLost("the connection to the database is closed")
        return super().execute(*args, **kwargs)

    @classmethod
    def open(
        cls,
        url: str,
        application_name: str,
        *,
        read_only: bool = False,
        on_one_core: bool = False,
    ) -> Self:
        """Connect, or raise Unreachable with a sentence that names the server, not the secret.

        `on_one_core` has the server use no parallel workers for this session.
        """
        try:
            connection = cls.connect(
                url, application_name=application_name, autocommit=True, connect_timeout=10
            )
        except psycopg.Error as error:
            failure = _unreachable(url, error)
        else:
            connection.adapters.register_dumper(Array, ArrayDumper)
            connection.execute(_SESSION)
            if on_one_core:
                connection.execute(_ON_ONE_CORE)
            if read_only:
                connection.execute("SET default_transaction_read_only = on")
            return connection
        raise failure


def store_error(error: psycopg.Error) -> StoreError:
    """Return our own error for the driver's: the code, the constraint, and no row."""
    state, diagnostic = error.sqlstate, error.diag
    if state in _LOST or (state is None and isinstance(error, psycopg.OperationalError)):
        return ConnectionLost("the connection to the database was lost", state)
    if state is None:
        # The driver itself refused, before the server saw anything; another try is no help.
        return StoreError(f"the statement cannot be sent: {type(error).__name__}")
    text = f"the database said: {_condition(error)} ({state})"
    at_fault = diagnostic.constraint_name
    if at_fault:
        text += f", constraint {at_fault}"
    if state in _TRANSIENT:
        return Transient(text, state, at_fault)
    kind = RowRefused if state.startswith(_ROW_CLASSES) else StoreError
    return kind(text, state, at_fault)


def _condition(error: psycopg.Error) -> str:
    if error.sqlstate and error.sqlstate.startswith(_HARMLESS_CLASSES):
        return error.diag.message_primary or type(error).__name__
    return type(error).__name__


def _unreachable(url: str, error: psycopg.Error) -> Unreachable:
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return Unreachable("RESEAL_DATABASE_URL is not a PostgreSQL URL such as postgresql://…")
    server = f"{parts.get('host') or 'the local socket'}:{parts.get('port') or 5432}"
    # One that answers may have trouble of its own, such as a disk that is full.
    log = " and the server's log" if "FATAL:" in str(error) else ""
    return Unreachable(
        f"cannot connect to the database at {server}: {_reason(error)}; check "
        f"RESEAL_DATABASE_URL{log}",
        error.sqlstate,
    )


def _reason(error: psycopg.Error) -> str:
    # libpq ends with a hint such as "Is the server running?"; the reason stands before it.
    lines = str(error).strip().splitlines() or [type(error).__name__]
    failures = [line.rpartition("failed: ")[2] for line in lines if "failed: " in line]
    return (failures or lines)[-1].replace("FATAL:", "").strip()
