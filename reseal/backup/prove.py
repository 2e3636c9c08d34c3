"""Prove a backup by restoring all of it, from the stored rows alone, and comparing.

What is restored into the scratch table is a salted digest of each original, not the original:
the comparison is as strict, and no secret is written to disk a second time.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from psycopg import sql

from reseal.backup import table
from reseal.backup.cipher import BackupCipher
from reseal.cell import state
from reseal.envelope import PREFIX
from reseal.errors import BackupNotProven
from reseal.secret import Secret
from reseal.shape import Shape
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.rows import begins, is_empty, is_foreign, is_plain

SCRATCH = """
CREATE TEMPORARY TABLE {scratch} (row_key text[] PRIMARY KEY, digest bytea NOT NULL)
ON COMMIT DROP
"""

FILL = "COPY {scratch} FROM STDIN"

ANALYZE = "ANALYZE {scratch}"

# Rows written after the horizon are not judged here: the sweep backs those up again itself.
COMPARE = """
SELECT count(*) FILTER (WHERE s.digest IS NULL),
       count(*) FILTER (WHERE s.digest <> sha256(%(salt)s::bytea || convert_to({cell}, 'UTF8'))),
       count(*) FILTER (WHERE s.digest = sha256(%(salt)s::bytea || convert_to({cell}, 'UTF8')))
FROM {table} AS t LEFT JOIN pg_temp.reseal_restored AS s ON s.row_key = {key}
WHERE ({where}) AND NOT {empty} AND NOT {sealed} AND NOT {foreign}
  AND {plain} AND age(t.xmin) > age(%(horizon)s::text::xid)
"""

# Which documents hold plaintext SQL cannot tell; theirs are digested here.
DOCUMENTS = """
SELECT {key}, {cell} FROM {table} AS t
WHERE ({where}) AND NOT {empty} AND age(t.xmin) > age({horizon}::text::xid)
"""

COMPARE_DOCUMENTS = """
SELECT count(*) FILTER (WHERE s.digest IS NULL), count(*) FILTER (WHERE s.digest <> t.digest),
       count(*) FILTER (WHERE s.digest = t.digest)
FROM pg_temp.reseal_standing AS t LEFT JOIN pg_temp.reseal_restored AS s USING (row_key)
"""

_RESTORED = sql.Identifier("pg_temp", "reseal_restored")
_STANDING = sql.Identifier("pg_temp", "reseal_standing")
_ROWS_AT_ONCE = 5000

Digests = Iterable[tuple[list[str], bytes]]


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
    restored = (
        [(row_key, _digest(salt, backup.open(row_key, sealed))) for row_key, sealed in part]
        for part in table.every(store, backup.run_id, backup.name)
    )
    return _fill(store, _RESTORED, restored)


def _fill(store: Store, scratch: sql.Identifier, parts: Iterable[Digests]) -> int:
    rows = 0
    store.execute(SCRATCH, scratch=scratch)
    fill = sql.SQL(FILL).format(scratch=scratch)
    for part in parts:
        with store.connection.cursor().copy(fill) as copy:
            for row in part:
                copy.write_row(row)
                rows += 1
    store.execute(ANALYZE, scratch=scratch)
    return rows


def _digest(salt: bytes, original: Secret) -> bytes:
    return hashlib.sha256(salt + original.octets()).digest()


def _compare(store: Store, target: Target, salt: bytes, horizon: int) -> tuple[int, int, int]:
    parts = {
        "cell": target.cell,
        "table": target.table,
        "key": target.key_texts,
        "where": target.where,
        "empty": is_empty(target),
    }
    if target.is_document:
        rows = store.stream(DOCUMENTS, _ROWS_AT_ONCE, horizon=sql.Literal(str(horizon)), **parts)
        _fill(store, _STANDING, _plain_documents(target, salt, rows))
        return _counts(store.need(COMPARE_DOCUMENTS))
    row = store.need(
        COMPARE,
        {"salt": salt, "horizon": horizon},
        sealed=begins(target.secret, PREFIX),
        foreign=is_foreign(target.secret),
        plain=is_plain(target.field, target.secret),
        **parts,
    )
    return _counts(row)


def _plain_documents(
    target: Target, salt: bytes, rows: Iterator[tuple[Any, ...]]
) -> Iterator[Digests]:
    while part := list(islice(rows, _ROWS_AT_ONCE)):
        yield [
            (row_key, _digest(salt, Secret(text)))
            for row_key, text in part
            if state(target, text).shape is Shape.PLAIN
        ]


def _counts(row: tuple[Any, ...]) -> tuple[int, int, int]:
    missing, differing, equal = row
    return missing, differing, equal
