"""What a run tells of its pace while it works: a row of its own, which is its heartbeat as well."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from reseal.store.store import Store

TELL = """
INSERT INTO {reseal}.pace AS p (run_id, said) VALUES (%(run)s, %(said)s::jsonb)
ON CONFLICT (run_id) DO UPDATE SET at = clock_timestamp(), said = excluded.said
"""

READABLE = """
SELECT coalesce(has_table_privilege(to_regclass(format('%%I.pace', %s::text)), 'SELECT'), false)
"""

TOLD = """
SELECT run_id, said || jsonb_build_object('at', at) FROM {reseal}.pace WHERE run_id = ANY (%s)
"""

HEARD = """
SELECT said ->> 'action', (said ->> 'share')::float8,
       extract(epoch FROM clock_timestamp() - at)::float8
FROM {reseal}.pace WHERE run_id = %s
"""

# Of a run that has ended nobody asks how hard it works.
FORGET = "DELETE FROM {reseal}.pace WHERE run_id = %s OR at < clock_timestamp() - interval '1 day'"


def tell(store: Store, run_id: UUID, said: Mapping[str, Any]) -> None:
    """Write down how a run fares now."""
    store.execute(TELL, {"run": run_id, "said": json.dumps(said)})


def told(store: Store, run_ids: list[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return what runs have told of their pace."""
    # A database that no run of this version has brought forward has no such table, and who may
    # see what runs are at work need not be let see this.
    if not run_ids or not store.need(READABLE, [store.schema])[0]:
        return {}
    return dict(store.execute(TOLD, [run_ids]).fetchall())


class Heard(NamedTuple):
    """What a run does about its pace, and how many seconds ago it said so."""

    action: str
    share: float
    age: float


def heard(store: Store, run_id: UUID) -> Heard | None:
    """Return what a run tells those who work for it elsewhere, or None before and after it."""
    row = store.one(HEARD, [run_id])
    return Heard(*row) if row else None


def forget(store: Store, run_id: UUID) -> None:
    """Forget what a run has told, and those that ended without doing so."""
    store.execute(FORGET, [run_id])
