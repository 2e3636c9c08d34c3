"""The backup's statements: sets, their horizon, and the sealed originals."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from psycopg import sql

from reseal.backup.coverage import Kept
from reseal.errors import ConfigurationError
from reseal.store.store import Store

# The horizon is taken before the first row is read; see Coverage.
BEGIN = """
INSERT INTO {reseal}.backup_set (run_id, field, wrapped, kek, salt, horizon)
VALUES (%s, %s, %s, %s, %s, pg_current_snapshot())
"""

PARTITION = """
CREATE TABLE IF NOT EXISTS {partition} PARTITION OF {reseal}.backup FOR VALUES IN ({run_id})
"""

SETS = """
SELECT wrapped, kek, salt, (pg_snapshot_xmin(horizon)::text::numeric %% 4294967296)::bigint, rows,
       proven
FROM {reseal}.backup_set WHERE run_id = %s AND field = %s
"""

COUNT = "SELECT count(*) FROM {reseal}.backup WHERE run_id = %s AND field = %s"

FILL = "COPY {reseal}.backup (run_id, field, row_key, sealed, digest) FROM STDIN"

# A later original of the same row takes the place of the earlier one: it is the latest secret.
LATE = """
INSERT INTO {reseal}.backup (run_id, field, row_key, sealed, digest, late)
VALUES (%s, %s, %s, %s, %s, true)
ON CONFLICT (run_id, field, row_key)
DO UPDATE SET sealed = excluded.sealed, digest = excluded.digest, late = true
"""

ALL = "SELECT row_key, sealed FROM {reseal}.backup WHERE run_id = %s AND field = %s"

PROVEN = """
UPDATE {reseal}.backup_set SET rows = %s, proven = clock_timestamp()
WHERE run_id = %s AND field = %s
"""

ANALYZE = "ANALYZE {partition}"

_SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class BackupSet:
    """A backup as its row describes it; `horizon` as the 32 bits that `xmin` shows."""

    wrapped: bytes | None
    kek: str
    salt: bytes
    horizon: int
    rows: int | None
    is_proven: bool


def _partition(store: Store, run_id: UUID) -> sql.Identifier:
    return sql.Identifier(store.schema, f"backup_{run_id.hex}")


def begin(store: Store, run_id: UUID, field: str, wrapped: bytes, kek: str) -> None:
    """Open a backup: its partition, its wrapped key, its horizon."""
    with store.transaction():
        partition = _partition(store, run_id)
        store.execute(PARTITION, partition=partition, run_id=sql.Literal(str(run_id)))
    store.execute(BEGIN, [run_id, field, wrapped, kek, os.urandom(_SALT_BYTES)])


def find(store: Store, run_id: UUID, field: str) -> BackupSet | None:
    """Return the backup that a run took of a field, if it took one."""
    row = store.one(SETS, [run_id, field])
    if row is None:
        return None
    wrapped, kek, salt, horizon, rows, proven = row
    return BackupSet(wrapped, kek, salt, horizon, rows, is_proven=proven is not None)


def need(store: Store, run_id: UUID, field: str) -> BackupSet:
    """Return a run's backup of a field or raise ConfigurationError."""
    found = find(store, run_id, field)
    if found is None:
        raise ConfigurationError(f"run {run_id} has no backup of field {field!r}")
    return found


def fill(store: Store, run_id: UUID, field: str, rows: Iterable[Kept]) -> None:
    """Write sealed originals by COPY, the fastest way in."""
    statement = sql.SQL(FILL).format(reseal=sql.Identifier(store.schema))
    with store.connection.cursor().copy(statement) as copy:
        for kept in rows:
            copy.write_row((run_id, field, *kept))


def add_late(store: Store, run_id: UUID, field: str, rows: list[Kept]) -> None:
    """Write originals that appeared after the horizon; part of the sealing transaction."""
    if not rows:
        return
    statement = sql.SQL(LATE).format(reseal=sql.Identifier(store.schema))
    values = [(run_id, field, *kept) for kept in rows]
    store.connection.cursor().executemany(statement, values)


def count(store: Store, run_id: UUID, field: str) -> int:
    """Return how many originals a backup holds."""
    return int(store.need(COUNT, [run_id, field])[0])


def every(store: Store, run_id: UUID, field: str) -> Iterator[list[tuple[list[str], bytes]]]:
    """Stream a backup from the server in parts; call it in a transaction."""
    statement = sql.SQL(ALL).format(reseal=sql.Identifier(store.schema))
    with store.connection.cursor(name="reseal_backup") as cursor:
        cursor.execute(statement, [run_id, field])
        while part := cursor.fetchmany(5000):
            yield part


def record_proof(store: Store, run_id: UUID, field: str, rows: int) -> None:
    """Record that a backup of so many rows was restored and compared."""
    store.execute(PROVEN, [rows, run_id, field])


def analyze(store: Store, run_id: UUID) -> None:
    """Let the planner know how large the backup became."""
    store.execute(ANALYZE, partition=_partition(store, run_id))
