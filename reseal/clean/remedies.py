"""What takes old secrets out of each kind of place; each is a step with a look after it."""

from collections.abc import Callable, Iterable, Sequence
from typing import LiteralString

from psycopg import sql

from reseal.errors import ConnectionLost, StoreError, Superseded
from reseal.store.catalog import Target
from reseal.store.heap import Heap
from reseal.store.store import Store

VACUUM = "VACUUM (ANALYZE) {table}"

VACUUM_ALONE = "VACUUM {table}"

# Leaves the line pointers of dead rows standing, so that those of new rows grow over what lies
# between line pointers and rows, where no row is small enough to go.
VACUUM_ROWS = "VACUUM (INDEX_CLEANUP OFF) {table}"

VACUUM_FULL = "VACUUM (FULL, ANALYZE) {table}"

REINDEX = "REINDEX INDEX CONCURRENTLY {index}"

DROP_LEFTOVER = "DROP INDEX CONCURRENTLY IF EXISTS {index}"

NAME = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = %s
"""

VACUUM_STATISTICS = "VACUUM pg_catalog.pg_statistic, pg_catalog.pg_statistic_ext_data"

# Under a lock that every planning waits for, as long as a few megabytes take.
WRITE_STATISTICS = "VACUUM (FULL) pg_catalog.pg_statistic, pg_catalog.pg_statistic_ext_data"

# A larger sample than usual takes more room than the old one had.
SAMPLE_MORE = "SET default_statistics_target = 300"

SAMPLE_AS_USUAL = "RESET default_statistics_target"

ANALYZE = "ANALYZE {table} ({column})"

RESET_STATEMENTS = "SELECT pg_stat_statements_reset()"

SWITCH = "SELECT pg_switch_wal()"

CHECKPOINT = "CHECKPOINT"

# The segments that the last checkpoint but one needed are given up by the next one.
_SWITCHES = 2


# Does something and says how much.
Remedy = Callable[[], str | None]


def attempt(remedy: Remedy) -> tuple[str | None, bool]:
    """Take a remedy; return what it says, and whether it was refused.

    It is a convenience: what it would have cleaned is still found, and said. Raise where the
    connection is gone or another run took a field over.
    """
    try:
        return remedy(), False
    except (ConnectionLost, Superseded):
        raise
    except StoreError as error:
        return str(error), True


def vacuum(store: Store, heaps: Iterable[Heap]) -> None:
    """Give the room of dead rows back, and replace the planner's sample of the old column."""
    _each(store, VACUUM, heaps)


def vacuum_again(store: Store, heaps: Iterable[Heap]) -> None:
    """Give the room of dead rows back."""
    _each(store, VACUUM_ALONE, heaps)


def vacuum_rows(store: Store, heaps: Iterable[Heap]) -> None:
    """Give the room of dead rows back but for their line pointers."""
    _each(store, VACUUM_ROWS, heaps)


def vacuum_full(store: Store, heaps: Iterable[Heap]) -> None:
    """Write tables into new files, under a lock that keeps everybody out."""
    _each(store, VACUUM_FULL, heaps)


def _each(store: Store, statement: LiteralString, heaps: Iterable[Heap]) -> None:
    for heap in heaps:
        store.execute(statement, table=heap.name)


def reindex(store: Store, oids: Iterable[int]) -> None:
    """Build indexes anew beside the running application."""
    for oid in oids:
        if found := store.one(NAME, [oid]):
            _reindex(store, *found)


def _reindex(store: Store, schema: str, name: str) -> None:
    try:
        store.execute(REINDEX, index=sql.Identifier(schema, name))
    except StoreError:
        if not store.connection.closed:
            # What a build that failed leaves behind costs every write (manual, REINDEX).
            store.execute(DROP_LEFTOVER, index=sql.Identifier(schema, f"{name}_ccnew"[:63]))
        raise


def sample_again(store: Store, targets: Sequence[Target]) -> None:
    """Write the planner's statistics of the columns over what the old ones have left."""
    store.execute(VACUUM_STATISTICS)
    store.execute(SAMPLE_MORE)
    try:
        _analyze(store, targets)
    finally:
        store.execute(SAMPLE_AS_USUAL)
    store.execute(VACUUM_STATISTICS)
    _analyze(store, targets)


def write_statistics(store: Store) -> None:
    """Write the planner's statistics into new files; they are small, and nobody waits for long."""
    store.execute(WRITE_STATISTICS)


def _analyze(store: Store, targets: Sequence[Target]) -> None:
    for target in targets:
        for heap in target.heaps:
            store.execute(ANALYZE, table=heap.name, column=sql.Identifier(target.field.column))


def reset_statements(store: Store) -> None:
    """Forget the texts of statements; one by one they would stay in the file that keeps them."""
    store.execute(RESET_STATEMENTS)


def flush(store: Store) -> None:
    """Bring what is in memory into the files."""
    store.execute(CHECKPOINT)


def switch_wal(store: Store) -> None:
    """Begin new segments and give up those that a recovery no longer needs."""
    for _ in range(_SWITCHES):
        store.execute(SWITCH)
        store.execute(CHECKPOINT)
