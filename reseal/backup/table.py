"""The backup's statements: sets, their horizon, and the sealed originals."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import NamedTuple
from uuid import UUID

from psycopg import sql

from reseal.backup.coverage import Kept
from reseal.backup.policy import DEFAULT_KEPT_DAYS
from reseal.backup.share import WHOLE, Share
from reseal.errors import ConfigurationError
from reseal.store.binary_copy import copy_in, row_head, text_arrays
from reseal.store.binary_copy import field as spelled
from reseal.store.store import Store

# The horizon is taken before the first row is read; see Coverage.
BEGIN = """
INSERT INTO {reseal}.backup_set (run_id, field, wrapped, kek, salt, expires, horizon)
VALUES (%s, %s, %s, %s, %s, clock_timestamp() + make_interval(days => %s), pg_current_snapshot())
"""

# Where a publication is of all tables, what has no primary key is not updated without an identity.
PARTITION = """
CREATE TABLE IF NOT EXISTS {partition} PARTITION OF {reseal}.backup FOR VALUES IN ({run_id});
ALTER TABLE {partition} REPLICA IDENTITY FULL
"""

SETS = """
SELECT wrapped, kek, salt, (pg_snapshot_xmin(horizon)::text::numeric %% 4294967296)::bigint, rows,
       proven, created, copies
FROM {reseal}.backup_set WHERE run_id = %s AND field = %s
"""

FIELDS = "SELECT field FROM {reseal}.backup_set WHERE run_id = %s ORDER BY field"

COUNT = "SELECT count(*) FROM {reseal}.backup WHERE run_id = %s AND field = %s"

FILL = """
COPY {reseal}.backup (run_id, field, row_key, sealed, digest) FROM STDIN (FORMAT BINARY)
"""

# A later original of the same row takes the place of the earlier one: it is the latest secret.
LATE = """
INSERT INTO {reseal}.backup (run_id, field, row_key, sealed, digest, late)
VALUES (%s, %s, %s, %s, %s, true)
ON CONFLICT ((row_key[1]), row_key, field, run_id)
DO UPDATE SET sealed = excluded.sealed, digest = excluded.digest, late = true
"""

# A partition is one run's; by its pages it is cut into shares. Most keys have one part, and a text
# is taken apart in half the time of an array.
ALL = """
SELECT row_key[1], nullif(row_key[2:], '{{}}'), sealed FROM {partition}
WHERE field = %s AND ctid >= %s::tid AND ctid < %s::tid
"""

PAGES = "SELECT pg_relation_size(%s::regclass) / current_setting('block_size')::int"

# Page by page, each a statement of its own: no transaction is open while rows go somewhere slow.
PAGE = """
SELECT row_key, sealed, digest, late FROM {reseal}.backup
WHERE run_id = %s AND field = %s AND (late OR NOT %s) AND (row_key[1], row_key) > (%s, %s::text[])
ORDER BY row_key[1], row_key LIMIT 5000
"""

PROVEN = """
UPDATE {reseal}.backup_set SET rows = %s, proven = clock_timestamp()
WHERE run_id = %s AND field = %s
"""

PROVEN_AGAIN = """
UPDATE {reseal}.backup_set SET proven = clock_timestamp() WHERE run_id = %s AND field = %s
"""

ADD_COPY = """
UPDATE {reseal}.backup_set SET copies = array_append(copies, %s) WHERE run_id = %s AND field = %s
"""

DROP_COPY = """
UPDATE {reseal}.backup_set SET copies = array_remove(copies, %s) WHERE run_id = %s AND field = %s
"""

# The partition has the originals of all fields of the run.
DROP = "DROP TABLE IF EXISTS {partition}"

DESTROY = """
UPDATE {reseal}.backup_set AS s SET wrapped = NULL, shredded = clock_timestamp(),
    shredded_by = %s, rows = coalesce((SELECT count(*) FROM {reseal}.backup AS b
        WHERE b.run_id = s.run_id AND b.field = s.field), 0)
WHERE run_id = %s AND wrapped IS NOT NULL RETURNING field, rows
"""

EXPIRED = """
SELECT run_id FROM {reseal}.backup_set GROUP BY run_id
HAVING max(expires) <= clock_timestamp() AND bool_or(wrapped IS NOT NULL OR copies <> '{{}}')
ORDER BY max(expires)
"""

UNSHIELD_OLDER = """
UPDATE {reseal}.backup_set AS s SET shielded = false FROM {reseal}.backup_set AS gone
WHERE gone.run_id = %s AND s.field = gone.field AND s.created < gone.created AND s.shielded
"""

SHIELDED = """
SELECT EXISTS (SELECT FROM {reseal}.backup_set WHERE run_id = %s AND field = %s AND shielded)
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
    created: datetime
    copies: tuple[str, ...]


class Stored(NamedTuple):
    """A row of the backup as it is stored."""

    row_key: list[str]
    sealed: bytes
    digest: bytes
    late: bool


def partition_of(store: Store, run_id: UUID) -> sql.Identifier:
    """Return the table that holds a run's backups; it has statistics of its own."""
    return sql.Identifier(store.schema, f"backup_{run_id.hex}")


def begin(
    store: Store,
    run_id: UUID,
    field: str,
    wrapped: bytes,
    kek: str,
    kept_days: int = DEFAULT_KEPT_DAYS,
) -> None:
    """Open a backup: its partition, its wrapped key, its horizon, and when it expires."""
    with store.transaction():
        partition = partition_of(store, run_id)
        store.execute(PARTITION, partition=partition, run_id=sql.Literal(str(run_id)))
    store.execute(BEGIN, [run_id, field, wrapped, kek, os.urandom(_SALT_BYTES), kept_days])


def find(store: Store, run_id: UUID, field: str) -> BackupSet | None:
    """Return the backup that a run took of a field, if it took one."""
    row = store.one(SETS, [run_id, field])
    if row is None:
        return None
    wrapped, kek, salt, horizon, rows, proven, created, copies = row
    is_proven = proven is not None
    return BackupSet(wrapped, kek, salt, horizon, rows, is_proven, created, tuple(copies))


def need(store: Store, run_id: UUID, field: str) -> BackupSet:
    """Return a run's backup of a field or raise ConfigurationError."""
    found = find(store, run_id, field)
    if found is None:
        raise ConfigurationError(f"run {run_id} has no backup of field {field!r}")
    return found


def fill(store: Store, run_id: UUID, field: str, rows: Sequence[Kept]) -> None:
    """Write sealed originals by COPY, the fastest way in."""
    if not rows:
        return
    statement = sql.SQL(FILL).format(reseal=sql.Identifier(store.schema))
    keys, sealed, digests = zip(*rows, strict=True)
    head = row_head(5) + spelled(run_id.bytes) + spelled(field.encode())
    spelled_rows = map(
        b"".join,
        zip(repeat(head), text_arrays(keys), map(spelled, sealed), map(spelled, digests)),
    )
    copy_in(store, statement, spelled_rows)


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


def every(
    store: Store, run_id: UUID, field: str, share: Share = WHOLE, *, ahead: bool = False
) -> Iterator[list[tuple[list[str], bytes]]]:
    """Stream row keys with sealed originals of a share in parts; call it in a transaction.

    With `ahead` the server makes a part while the one before is worked on, and can be asked for
    nothing else meanwhile.
    """
    partition, bounds = partition_of(store, run_id), [field, *share.bounds]
    read = store.in_parts_ahead if ahead else store.in_parts
    for rows in read(ALL, 5000, bounds, partition=partition):
        yield [([first, *(rest or ())], sealed) for first, rest, sealed in rows]


def size(store: Store, run_id: UUID) -> int:
    """Return how many pages the backups of a run take now."""
    return int(store.need(PAGES, [partition_of(store, run_id).as_string()])[0])


def fields(store: Store, run_id: UUID) -> list[str]:
    """Return the fields of which a run took a backup, whether or not it was shredded since."""
    return [name for (name,) in store.execute(FIELDS, [run_id])]


def pages(
    store: Store, run_id: UUID, field: str, *, late_only: bool = False
) -> Iterator[list[Stored]]:
    """Yield a backup in parts, in the order of its row keys; no transaction is needed."""
    last = [""]
    while page := store.execute(PAGE, [run_id, field, late_only, last[0], last]).fetchall():
        yield [Stored(*row) for row in page]
        last = page[-1][0]


def record_proof(store: Store, run_id: UUID, field: str, rows: int) -> None:
    """Record that a backup of so many rows was restored and compared."""
    store.execute(PROVEN, [rows, run_id, field])


def record_another_proof(store: Store, run_id: UUID, field: str) -> None:
    """Record that a backup was proven once more."""
    store.execute(PROVEN_AGAIN, [run_id, field])


def add_copy(store: Store, run_id: UUID, field: str, where: str) -> None:
    """Record where a copy is about to be written."""
    store.execute(ADD_COPY, [where, run_id, field])


def drop_copy(store: Store, run_id: UUID, field: str, where: str) -> None:
    """Forget a copy that is not there."""
    store.execute(DROP_COPY, [where, run_id, field])


def destroy(store: Store, run_id: UUID, by: str) -> dict[str, int]:
    """Erase the wrapped keys and the rows of a run's backups; return by field how many rows.

    Call it in a transaction. A field whose backup was shredded before is left out.
    """
    # What older backups have is not the newest original, and must not pass for it.
    store.execute(UNSHIELD_OLDER, [run_id])
    found: list[tuple[str, int]] = store.execute(DESTROY, [by, run_id]).fetchall()
    store.execute(DROP, partition=partition_of(store, run_id))
    return dict(found)


def is_shielded(store: Store, run_id: UUID, field: str) -> bool:
    """Say whether the shield has stood without a break since a run took its backup of a field."""
    return bool(store.need(SHIELDED, [run_id, field])[0])


def expired(store: Store) -> list[UUID]:
    """Return the runs whose backups are all past their date and not all gone."""
    return [run_id for (run_id,) in store.execute(EXPIRED)]


def analyze(store: Store, run_id: UUID) -> None:
    """Let the planner know how large the backup became."""
    store.execute(ANALYZE, partition=partition_of(store, run_id))
