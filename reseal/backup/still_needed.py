"""What a backup is still needed for: rows whose secret nothing else can bring back."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from reseal.access import Access
from reseal.errors import KekError, KekUnreachable, Refused
from reseal.judge import Verdict
from reseal.original import Original
from reseal.patience import Patience
from reseal.store.store import Store
from reseal.sweep.span import whole
from reseal.verify import verify

# Rows that do not open, or that a run has set aside, unless someone has accepted that; and where no
# later backup has the secret that they had then.
ONLY_HERE = """
SELECT count(*) FROM {reseal}.backup AS b JOIN {reseal}.backup_set AS s USING (run_id, field)
LEFT JOIN {reseal}.quarantine AS q ON q.field = b.field AND q.row_key = b.row_key
WHERE b.run_id = %(run)s AND b.field = %(field)s AND q.accepted IS NULL
  AND (q.row_key IS NOT NULL OR b.row_key IN (
      SELECT ARRAY(SELECT jsonb_array_elements_text(row_key)) FROM jsonb_array_elements(%(broken)s)
          AS broken (row_key)))
  AND NOT EXISTS (
      SELECT FROM {reseal}.backup AS later JOIN {reseal}.backup_set AS t USING (run_id, field)
      WHERE later.field = b.field AND later.row_key = b.row_key AND t.wrapped IS NOT NULL
        AND t.created > s.created)
"""

GONE = """
SELECT NOT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                   WHERE n.nspname = %s AND c.relname = %s)
"""

# A run and its workers say which run they are of.
ALIVE = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"


_A_FEW_SECONDS = Patience(tries=6)


class Needed(NamedTuple):
    """How many rows have their secret in this backup alone, and how many a rollback would restore.

    `sealed` is None where the backup KEK that would tell does not open the backup any more.
    """

    only_here: int
    sealed: int | None


def still_needed(access: Access, store: Store, run_id: UUID, name: str) -> Needed:
    """Open every envelope of a field to find out; the backup stands as it is."""
    field = access.config.field(name)
    if store.need(GONE, [field.schema, field.table])[0]:
        # There is nothing left that an original could be put back into.
        return Needed(0, 0)
    target, keyring = access.target(store, name), access.keyring(store)
    original = _original(access, store, run_id, name)
    found = [verify(store, target, keyring, original, heap) for heap in whole(target)]
    broken = (row.key for part in found for row in part.broken)
    sealed = sum(
        rows for part in found for fact, rows in part.facts.items() if fact.verdict is Verdict.EQUAL
    )
    return Needed(_only_here(store, run_id, name, broken), sealed if original else None)


def need_ended(store: Store, run_id: UUID, patience: Patience = _A_FEW_SECONDS) -> None:
    """Raise Refused where a run's runner or one of its workers is still connected."""
    # The server needs a moment to notice that a client is gone.
    for attempt in range(patience.tries):
        if not store.need(ALIVE, [f"reseal run {run_id}"])[0]:
            return
        patience.wait(attempt)
    raise Refused(f"run {run_id} is still under way; stop it, or wait for its end")


def _original(access: Access, store: Store, run_id: UUID, name: str) -> Original | None:
    try:
        return access.original(store, run_id, name)
    except KekUnreachable:
        raise
    except KekError:
        return None


def _only_here(store: Store, run_id: UUID, name: str, broken: Iterable[list[str]]) -> int:
    values = {"run": run_id, "field": name, "broken": Jsonb(list(broken))}
    return int(store.need(ONLY_HERE, values)[0])
