"""What came after a run's backup: later runs, and whether anybody else can have written a row."""

from collections.abc import Iterable
from uuid import UUID

from psycopg.types.json import Jsonb

from reseal.shield import stands
from reseal.store.catalog import Target
from reseal.store.quarantine import Key
from reseal.store.store import Store

LATER = """
SELECT s.run_id, r.outcome IS NOT DISTINCT FROM 'rolled_back'
FROM {reseal}.backup_set AS s LEFT JOIN {reseal}.run AS r USING (run_id)
WHERE s.field = %(field)s AND s.created > (
    SELECT created FROM {reseal}.backup_set WHERE run_id = %(run)s AND field = %(field)s)
ORDER BY s.created DESC
"""

# As JSON, so that a schema in which the shield does not keep count yet says no. What a backup had
# that was shredded since, nobody knows any more.
SHIELDED = """
SELECT coalesce((to_jsonb(s) ->> 'shielded')::boolean, false) AND NOT EXISTS (
    SELECT FROM {reseal}.backup_set AS l
    WHERE l.field = s.field AND l.created > s.created AND l.wrapped IS NULL)
FROM {reseal}.backup_set AS s WHERE s.run_id = %s AND s.field = %s
"""

KEEPS_MARKS = """
SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = %s AND c.relname = 'application_seal')
"""

MARKED = """
SELECT m.row_key FROM jsonb_array_elements(%(keys)s) AS k
JOIN {reseal}.application_seal AS m
  ON m.field = %(field)s AND m.row_key = ARRAY(SELECT jsonb_array_elements_text(k.value))
"""


def later_runs(store: Store, run_id: UUID, field: str) -> dict[UUID, bool]:
    """Return the runs that took a backup of a field after this one, the newest first.

    The value says whether that run has been rolled back.
    """
    return dict(store.execute(LATER, {"run": run_id, "field": field}).fetchall())


def written_by_nobody_else(
    store: Store, target: Target, run_id: UUID, row_keys: Iterable[Key]
) -> set[Key]:
    """Return the rows whose secret nobody can have written since a run's backup, but runs.

    The shield has stood without a break since, and it has seen no application seal there or move
    the row. What later runs have backed up is not asked. Call it after the rows were read.
    """
    field, keys = target.field.name, set(row_keys)
    if not keys or not _has_stood(store, target, run_id):
        return set()
    asked = {"field": field, "keys": Jsonb([list(key) for key in keys])}
    return keys - {tuple(row_key) for (row_key,) in store.execute(MARKED, asked)}


def _has_stood(store: Store, target: Target, run_id: UUID) -> bool:
    # A shield that is raised again ends what counted under the one before, so that one which stands
    # has stood.
    if not stands(store, target) or not store.need(KEEPS_MARKS, [store.schema])[0]:
        return False
    shielded = store.one(SHIELDED, [run_id, target.field.name])
    return bool(shielded and shielded[0])
