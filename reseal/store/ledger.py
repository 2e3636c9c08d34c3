"""What a run leaves in the database: its row, its batches, the rows it left alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from reseal import __version__
from reseal.errors import ConfigurationError
from reseal.store.store import Store

START = """
INSERT INTO {reseal}.run (run_id, flow, mode, fields, actor, library)
VALUES (%s, %s, %s, %s, %s, %s)
"""

FINISH = """
UPDATE {reseal}.run SET outcome = %s, finished = clock_timestamp() WHERE run_id = %s
"""

FIND = "SELECT flow, mode, fields, outcome, started, finished FROM {reseal}.run WHERE run_id = %s"

LATEST = """
SELECT run_id, flow, mode, outcome, started, finished FROM {reseal}.run
ORDER BY started DESC LIMIT %s
"""

BATCH = """
INSERT INTO {reseal}.batch (run_id, field, epoch, turn, pass, heap, first_page, after_page,
    key_version, seals, rows_read, changed, moved, locked, settled, empty, quarantined,
    left_alone)
VALUES (%(run_id)s, %(field)s, %(epoch)s, %(turn)s, %(pass)s, %(heap)s, %(first)s, %(after)s,
    %(version)s, %(seals)s, %(rows_read)s, %(changed)s, %(moved)s, %(locked)s, %(settled)s,
    %(empty)s, %(quarantined)s, %(left_alone)s)
"""

# `changed` counts writes and is true over all passes; what was still in the way counts only as
# the last pass met it.
CHANGED = """
SELECT coalesce(sum(changed) FILTER (WHERE turn <> 'unseal'), 0),
       coalesce(sum(changed) FILTER (WHERE turn = 'unseal'), 0)
FROM {reseal}.batch WHERE run_id = %s AND field = %s
"""

# Of a table that is one heap none is named.
WRITTEN = """
SELECT coalesce(sum(changed), 0) FROM {reseal}.batch
WHERE field = %(field)s AND coalesce(heap, %(heap)s) = %(heap)s
  AND written >= coalesce(%(since)s::timestamptz, '-infinity')
"""

XIDS = "SELECT DISTINCT xid::text FROM {reseal}.batch WHERE run_id = %s AND field = %s"

VERSIONS = """
SELECT DISTINCT key_version FROM {reseal}.batch
WHERE run_id = %s AND field = %s AND key_version IS NOT NULL
"""

LEAVE_ALONE = """
INSERT INTO {reseal}.left_alone (run_id, field, row_key, reason) VALUES (%s, %s, %s, %s)
ON CONFLICT (field, row_key, run_id) DO UPDATE
SET reason = excluded.reason, seen = clock_timestamp()
"""

FORGET_UNMET = "DELETE FROM {reseal}.left_alone WHERE run_id = %s AND field = %s AND seen < %s"

COUNT_LEFT_ALONE = "SELECT count(*) FROM {reseal}.left_alone WHERE run_id = %s AND field = %s"

LEFT_ALONE = """
SELECT row_key, reason FROM {reseal}.left_alone WHERE run_id = %s AND field = %s
ORDER BY seen, row_key LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as the ledger has it."""

    run_id: UUID
    flow: str
    mode: str
    fields: tuple[str, ...]
    outcome: str | None


def start(store: Store, run: RunRecord, actor: str) -> None:
    """Record that a run begins."""
    store.execute(START, [run.run_id, run.flow, run.mode, list(run.fields), actor, __version__])


def finish(store: Store, run_id: UUID, outcome: str) -> None:
    """Record how a run ended."""
    store.execute(FINISH, [outcome, run_id])


def parse_run_id(text: str) -> UUID:
    """Read a run id as a person typed it."""
    try:
        return UUID(text)
    except ValueError:
        raise ConfigurationError(f"{text!r} is not a run id; see `reseal status`") from None


def find(store: Store, run_id: UUID, *, has_schema: bool = True) -> RunRecord:
    """Return a run's record; raise ConfigurationError where there is none."""
    row = store.one(FIND, [run_id]) if has_schema else None
    if row is None:
        raise ConfigurationError(f"there is no run {run_id}; see `reseal status`")
    return RunRecord(run_id, row[0], row[1], tuple(row[2]), row[3])


def latest(store: Store, count: int) -> list[dict[str, object]]:
    """Return the latest runs, newest first."""
    names = ("run_id", "flow", "mode", "outcome", "started", "finished")
    return [dict(zip(names, row, strict=True)) for row in store.execute(LATEST, [count])]


def record_batch(store: Store, values: Mapping[str, object]) -> None:
    """Write the checkpoint of a batch; call it in the transaction that writes its rows."""
    store.execute(BATCH, dict(values))


def sealed_rows(store: Store, run_id: UUID, field: str) -> int:
    """Return how many envelopes a run has committed to a field."""
    return int(store.need(CHANGED, [run_id, field])[0])


def unsealed_rows(store: Store, run_id: UUID, field: str) -> int:
    """Return how many originals a run has put back in a field."""
    return int(store.need(CHANGED, [run_id, field])[1])


def written_rows(store: Store, field: str, heap: str, since: datetime | None) -> int:
    """Return how many rows all runs have written to a heap of a field since a time, or ever."""
    return int(store.need(WRITTEN, {"field": field, "heap": heap, "since": since})[0])


def written_xids(store: Store, run_id: UUID, field: str) -> frozenset[int]:
    """Return the transactions of a run, as the 32 bits that `xmin` shows of them."""
    return frozenset(int(xid) % 2**32 for (xid,) in store.execute(XIDS, [run_id, field]))


def key_versions(store: Store, run_id: UUID, field: str) -> frozenset[int]:
    """Return the key versions under which a run has sealed."""
    return frozenset(version for (version,) in store.execute(VERSIONS, [run_id, field]))


def leave_alone(
    store: Store, run_id: UUID, field: str, rows: Iterable[tuple[list[str], str]]
) -> None:
    """Record rows that a rollback does not touch, by key and reason."""
    for row_key, reason in rows:
        store.execute(LEAVE_ALONE, [run_id, field, row_key, reason])


def forget_unmet(store: Store, run_id: UUID, field: str, since: datetime) -> None:
    """Forget rows that a rollback last met before a time: in a later pass they were restored."""
    store.execute(FORGET_UNMET, [run_id, field, since])


def left_alone(
    store: Store, run_id: UUID, field: str, most: int | None = 1000
) -> list[dict[str, Any]]:
    """Return the rows that a run left alone; None means all."""
    rows = store.execute(LEFT_ALONE, [run_id, field, most])
    return [{"key": row_key, "reason": reason} for row_key, reason in rows]


def count_left_alone(store: Store, run_id: UUID, field: str) -> int:
    """Return how many rows a run left alone."""
    return int(store.need(COUNT_LEFT_ALONE, [run_id, field])[0])
