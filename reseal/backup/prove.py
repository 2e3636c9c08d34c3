"""Prove a backup by restoring all of it, from what is stored alone, and comparing.

It is restored share by share, each by a worker of its own: what is in a share is compared with the
table, and what is in the table with all shares.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from psycopg import sql

from reseal.backup import table
from reseal.backup.cipher import BackupCipher
from reseal.backup.coverage import digests
from reseal.backup.scratch import RESTORED, ROWS_AT_ONCE, Digests, fill
from reseal.backup.share import WHOLE, Share
from reseal.cell import state
from reseal.conditions import begins, is_empty, is_foreign, is_plain, is_usual
from reseal.envelope import PREFIX
from reseal.errors import BackupNotProven
from reseal.shape import Shape
from reseal.store.catalog import Target
from reseal.store.store import Store

# Rows written after the horizon are not judged here: the sweep backs those up again itself.
COMPARE = """
SELECT s.digest = sha256(%(salt)s::bytea || convert_to({cell}, 'UTF8')), count(*)
FROM {table} AS t JOIN pg_temp.reseal_restored AS s ON s.row_key = {key}
WHERE ({where}) AND age(t.xmin) > age(%(horizon)s::text::xid) GROUP BY 1
"""

# The patterns take longer than the look whether a row is there, so that comes first.
MISSING = """
WITH t AS MATERIALIZED (
    SELECT t.* FROM {table} AS t
    WHERE ({where}) AND age(t.xmin) > age(%(horizon)s::text::xid) AND NOT {empty}
      AND NOT EXISTS (SELECT FROM {kept} AS b WHERE b.row_key = {key}))
SELECT count(*) FROM t WHERE {usual} OR NOT {sealed} AND NOT {foreign} AND {plain}
"""

# Which documents hold plaintext SQL cannot tell.
MISSING_DOCUMENTS = """
SELECT {cell} FROM {table} AS t
WHERE ({where}) AND age(t.xmin) > age({horizon}::text::xid) AND NOT {empty}
  AND NOT EXISTS (SELECT FROM {kept} AS b WHERE b.row_key = {key})
"""

KEPT = "(SELECT row_key FROM {reseal}.backup WHERE run_id = {run} AND field = {field})"

# Row keys with sealed originals, in parts.
Source = Iterable[Iterable[tuple[list[str], bytes]]]


@dataclass(frozen=True, slots=True)
class Proof:
    """A restore that was compared: rows restored, rows that equal what stands now, and others."""

    restored: int = 0
    compared: int = 0
    differing: int = 0
    missing: int = 0

    def __add__(self, other: "Proof") -> "Proof":
        return Proof(
            self.restored + other.restored,
            self.compared + other.compared,
            self.differing + other.differing,
            self.missing + other.missing,
        )

    def need_whole(self, what: str) -> "Proof":
        """Return it, or raise BackupNotProven on the least difference."""
        if self.missing or self.differing:
            raise BackupNotProven(
                f"the {what} restores {self.restored} rows, but {self.missing} of the table are "
                f"missing and {self.differing} differ; nothing was encrypted"
            )
        return self


def prove(store: Store, target: Target, backup: BackupCipher) -> Proof:
    """Restore the whole backup and compare; raise BackupNotProven on the least difference."""
    proof = restore(store, target, backup, WHOLE) + look_for_missing(store, target, backup)
    conclude(store, backup.run_id, backup.name, proof)
    return proof


def conclude(store: Store, run_id: UUID, name: str, proof: Proof) -> None:
    """Record what all shares together have shown; raise BackupNotProven on any difference."""
    proof.need_whole(f"backup of {name!r}")
    table.record_proof(store, run_id, name, proof.restored)


def prove_copy(store: Store, target: Target, backup: BackupCipher, source: Source) -> Proof:
    """Restore a copy of the backup in the place of the stored rows, and compare."""
    with store.transaction():
        proof = _restore(store, target, backup, source)
        proof += Proof(missing=_missing(store, target, backup, RESTORED))
    return proof.need_whole(f"copy of the backup of {backup.name!r}")


def restore(store: Store, target: Target, backup: BackupCipher, share: Share) -> Proof:
    """Restore a share of the stored rows and compare them with what stands in the table."""
    with store.transaction():
        return _restore(
            store, target, backup, table.every(store, backup.run_id, backup.name, share)
        )


def look_for_missing(store: Store, target: Target, backup: BackupCipher) -> Proof:
    """Count the rows of the table that the backup should hold and does not."""
    kept = sql.SQL(KEPT).format(
        reseal=sql.Identifier(store.schema),
        run=sql.Literal(backup.run_id),
        field=sql.Literal(backup.name),
    )
    with store.transaction():
        return Proof(missing=_missing(store, target, backup, kept))


def _restore(store: Store, target: Target, backup: BackupCipher, source: Source) -> Proof:
    salt = os.urandom(16)
    restored = fill(store, RESTORED, (_opened(backup, salt, list(part)) for part in source))
    values = {"salt": salt, "horizon": _horizon(store, backup)}
    found: dict[bool | None, int]
    found = dict(store.execute(COMPARE, values, cell=target.cell, **_parts(target)).fetchall())
    return Proof(restored, compared=found.get(True, 0), differing=found.get(False, 0))


def _opened(backup: BackupCipher, salt: bytes, part: list[tuple[list[str], bytes]]) -> Digests:
    if not part:
        return []
    row_keys, sealed = zip(*part, strict=True)
    return zip(row_keys, digests(salt, backup.open_all(row_keys, sealed)), strict=True)


def _missing(store: Store, target: Target, backup: BackupCipher, kept: sql.Composable) -> int:
    horizon = _horizon(store, backup)
    parts = {**_parts(target), "kept": kept, "empty": is_empty(target)}
    if target.is_document:
        at = sql.Literal(str(horizon))
        cells = store.stream(MISSING_DOCUMENTS, ROWS_AT_ONCE, cell=target.cell, horizon=at, **parts)
        return sum(state(target, text).shape is Shape.PLAIN for (text,) in cells)
    row = store.need(
        MISSING,
        {"horizon": horizon},
        usual=is_usual(target.field, target.secret),
        sealed=begins(target.secret, PREFIX),
        foreign=is_foreign(target.secret),
        plain=is_plain(target.field, target.secret),
        **parts,
    )
    return int(row[0])


def _horizon(store: Store, backup: BackupCipher) -> int:
    return table.need(store, backup.run_id, backup.name).horizon


def _parts(target: Target) -> dict[str, sql.Composable]:
    return {"table": target.table, "key": target.key_texts, "where": target.where}
