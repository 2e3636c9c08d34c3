"""Prove a backup by restoring all of it, from the stored rows alone, and comparing.

What is restored into the scratch table is a salted digest of each original, not the original:
the comparison is as strict, and no secret is written to disk a second time.
"""

import hashlib
import os
from dataclasses import dataclass

from psycopg import sql

from reseal.backup import table
from reseal.backup.cipher import BackupCipher
from reseal.envelope import PREFIX
from reseal.errors import BackupNotProven
from reseal.shape import FOREIGN, PATTERNS
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.rows import begins, is_empty

SCRATCH = """
CREATE TEMPORARY TABLE reseal_restored (row_key text[] PRIMARY KEY, digest bytea NOT NULL)
ON COMMIT DROP
"""

FILL = "COPY pg_temp.reseal_restored FROM STDIN"

ANALYZE = "ANALYZE pg_temp.reseal_restored"

# Rows written after the horizon are not judged here: the sweep backs those up again itself.
COMPARE = """
SELECT count(*) FILTER (WHERE s.digest IS NULL),
       count(*) FILTER (WHERE s.digest <> sha256(%(salt)s::bytea || convert_to({secret}, 'UTF8'))),
       count(*) FILTER (WHERE s.digest = sha256(%(salt)s::bytea || convert_to({secret}, 'UTF8')))
FROM {table} AS t LEFT JOIN pg_temp.reseal_restored AS s ON s.row_key = {key}
WHERE ({where}) AND NOT {empty} AND NOT {sealed} AND {secret} !~ {foreign}
  AND {secret} ~ {pattern} AND age(t.xmin) > age(%(horizon)s::text::xid)
"""


@dataclass(frozen=True, slots=True)
class Proof:
    """A restore that was compared: rows restored, and rows that equal what stands now."""

    restored: int
    compared: int


def prove(store: Store, target: Target, backup: BackupCipher) -> Proof:
    """Restore the whole backup and compare; raise BackupNotProven on the least difference."""
    found = table.need(store, backup.run_id, backup.name)
    salt = os.urandom(16)
    with store.transaction():
        restored = _restore(store, backup, salt)
        missing, differing, equal = _compare(store, target, salt, found.horizon)
    if missing or differing:
        raise BackupNotProven(
            f"the backup of {backup.name!r} restores {restored} rows, but {missing} of the table "
            f"are missing and {differing} differ; nothing was encrypted"
        )
    table.record_proof(store, backup.run_id, backup.name, restored)
    return Proof(restored, equal)


def _restore(store: Store, backup: BackupCipher, salt: bytes) -> int:
    restored = 0
    store.execute(SCRATCH)
    for part in table.every(store, backup.run_id, backup.name):
        with store.connection.cursor().copy(FILL) as copy:
            for row_key, sealed in part:
                copy.write_row((row_key, _digest(salt, backup, row_key, sealed)))
        restored += len(part)
    store.execute(ANALYZE)
    return restored


def _digest(salt: bytes, backup: BackupCipher, row_key: list[str], sealed: bytes) -> bytes:
    return hashlib.sha256(salt + backup.open(row_key, sealed).reveal().encode()).digest()


def _compare(store: Store, target: Target, salt: bytes, horizon: int) -> tuple[int, int, int]:
    row = store.need(
        COMPARE,
        {"salt": salt, "horizon": horizon},
        secret=target.secret,
        table=target.table,
        key=target.key_texts,
        where=target.where,
        empty=is_empty(target.field, target.secret),
        sealed=begins(target.secret, PREFIX),
        foreign=sql.Literal(FOREIGN),
        pattern=sql.Literal(PATTERNS[target.field.format]),
    )
    return row[0], row[1], row[2]
