"""What a backup is still needed for: rows whose secret nothing else can bring back."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from reseal.access import Access
from reseal.cell import state
from reseal.errors import KekError, KekUnreachable, Refused
from reseal.judge import TROUBLES, Verdict
from reseal.original import Original
from reseal.patience import Patience
from reseal.quarantine.standing import standing
from reseal.quarantine.trouble import Trouble
from reseal.shape import Shape
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.span import whole
from reseal.verify import Verification, verify

# Rows that are in trouble now, or that a run has set aside, unless someone has accepted them in
# just that trouble; and where no later backup has the secret that they had then.
ONLY_HERE = """
WITH troubles AS (
    SELECT ARRAY(SELECT jsonb_array_elements_text(trouble -> 0)) AS row_key, trouble ->> 1 AS class
    FROM jsonb_array_elements(%(troubles)s) AS trouble)
SELECT count(DISTINCT b.row_key)
FROM {reseal}.backup AS b JOIN {reseal}.backup_set AS s USING (run_id, field)
LEFT JOIN troubles AS n ON n.row_key = b.row_key
LEFT JOIN {reseal}.quarantine AS q ON q.field = b.field AND q.row_key = b.row_key
WHERE b.run_id = %(run)s AND b.field = %(field)s
  AND (n.row_key IS NOT NULL OR q.row_key IS NOT NULL)
  AND (q.accepted IS NULL OR n.class <> q.class)
  AND NOT EXISTS (
      SELECT FROM {reseal}.backup AS later JOIN {reseal}.backup_set AS t USING (run_id, field)
      WHERE later.field = b.field AND later.row_key[1] = b.row_key[1]
        AND later.row_key = b.row_key AND t.wrapped IS NOT NULL AND t.created > s.created)
"""

# A run and its workers say which run they are of.
ALIVE = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"

_A_FEW_SECONDS = Patience(tries=6)

_STRANGE = {Shape.FOREIGN: Trouble.FOREIGN, Shape.UNRECOGNISED: Trouble.UNRECOGNISED}

# A row key, and the class of the trouble that the row is in now.
_Troubled = tuple[list[str], str]


class Needed(NamedTuple):
    """How many rows have their secret in this backup alone, and how many a rollback would restore.

    `sealed` is None where the backup KEK that would tell does not open the backup any more.
    """

    only_here: int
    sealed: int | None


def still_needed(access: Access, store: Store, run_id: UUID, name: str) -> Needed:
    """Open every envelope of a field to find out; the backup stands as it is.

    Raise FieldError where its rows cannot be looked at: it is not in the configuration, or its
    table or column is not there, which may have another name by now.
    """
    target, keyring = access.target(store, name), access.keyring(store)
    original = _original(access, store, run_id, name)
    found = [verify(store, target, keyring, original, heap) for heap in whole(target)]
    troubles = [*_broken(found), *_strange(store, target)]
    sealed = sum(
        rows for part in found for fact, rows in part.facts.items() if fact.verdict is Verdict.EQUAL
    )
    return Needed(_only_here(store, run_id, name, troubles), sealed if original else None)


def need_ended(store: Store, run_id: UUID) -> None:
    """Raise Refused where a run's runner or one of its workers is still connected."""
    # The server needs a moment to notice that a client is gone.
    for attempt in range(_A_FEW_SECONDS.tries):
        if not store.need(ALIVE, [f"reseal run {run_id}"])[0]:
            return
        _A_FEW_SECONDS.wait(attempt)
    raise Refused(f"run {run_id} is still under way; stop it, or wait for its end")


def _original(access: Access, store: Store, run_id: UUID, name: str) -> Original | None:
    try:
        return access.original(store, run_id, name)
    except KekUnreachable:
        raise
    except KekError:
        return None


def _broken(found: Iterable[Verification]) -> Iterator[_Troubled]:
    for part in found:
        for row in part.broken:
            yield row.key, TROUBLES.get(row.verdict, row.verdict)


def _strange(store: Store, target: Target) -> Iterator[_Troubled]:
    """Yield rows that are set aside and hold what is neither a secret nor an envelope."""
    for row in standing(store, target):
        shape = Shape.EMPTY if row.text is None else state(target, row.text).shape
        if shape in _STRANGE:
            yield list(row.row_key), _STRANGE[shape]


def _only_here(store: Store, run_id: UUID, name: str, troubles: list[_Troubled]) -> int:
    values = {"run": run_id, "field": name, "troubles": Jsonb(troubles)}
    return int(store.need(ONLY_HERE, values)[0])
