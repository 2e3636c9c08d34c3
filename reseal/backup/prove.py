"""Prove a backup by restoring all of it, from what is stored alone, and comparing."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from psycopg import sql

from reseal.backup import table
from reseal.backup.cipher import BackupCipher
from reseal.backup.scratch import RESTORED, ROWS_AT_ONCE, STANDING, Digests, digest, fill
from reseal.cell import state
from reseal.envelope import PREFIX
from reseal.errors import BackupNotProven
from reseal.secret import Secret
from reseal.shape import Shape
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.rows import begins, is_empty, is_foreign, is_plain

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

# Row keys with sealed originals, in parts.
Source = Iterable[Iterable[tuple[list[str], bytes]]]


@dataclass(frozen=True, slots=True)
class Proof:
    """A restore that was compared: rows restored, and rows that equal what stands now."""

    restored: int
    compared: int


def prove(
    store: Store, target: Target, backup: BackupCipher, source: Source | None = None
) -> Proof:
    """Restore the whole backup and compare; raise BackupNotProven on the least difference.

    It is restored from the stored rows, or else from a `source`, such as a copy of them.
    """
    found = table.need(store, backup.run_id, backup.name)
    salt = os.urandom(16)
    with store.transaction():
        rows = table.every(store, backup.run_id, backup.name) if source is None else source
        restored = _restore(store, backup, salt, rows)
        missing, differing, equal = _compare(store, target, salt, found.horizon)
    if missing or differing:
        which = "backup" if source is None else "copy of the backup"
        raise BackupNotProven(
            f"the {which} of {backup.name!r} restores {restored} rows, but {missing} of the table "
            f"are missing and {differing} differ; nothing was encrypted"
        )
    if source is None:
        table.record_proof(store, backup.run_id, backup.name, restored)
    return Proof(restored, equal)


def _restore(store: Store, backup: BackupCipher, salt: bytes, rows: Source) -> int:
    restored = (
        [(row_key, digest(salt, backup.open(row_key, sealed))) for row_key, sealed in part]
        for part in rows
    )
    return fill(store, RESTORED, restored)


def _compare(store: Store, target: Target, salt: bytes, horizon: int) -> tuple[int, int, int]:
    parts = {
        "cell": target.cell,
        "table": target.table,
        "key": target.key_texts,
        "where": target.where,
        "empty": is_empty(target),
    }
    if target.is_document:
        rows = store.stream(DOCUMENTS, ROWS_AT_ONCE, horizon=sql.Literal(str(horizon)), **parts)
        fill(store, STANDING, _plain_documents(target, salt, rows))
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
    while part := list(islice(rows, ROWS_AT_ONCE)):
        yield [
            (row_key, digest(salt, Secret(text)))
            for row_key, text in part
            if state(target, text).shape is Shape.PLAIN
        ]


def _counts(row: tuple[Any, ...]) -> tuple[int, int, int]:
    missing, differing, equal = row
    return missing, differing, equal
