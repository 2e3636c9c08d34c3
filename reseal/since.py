"""What came after a run's backup: later runs, and whether anybody else can have written a row."""

from collections.abc import Iterable
from uuid import UUID

from reseal.backup import table
from reseal.shield import stands
from reseal.store import application_seal
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
    return keys - application_seal.among(store, field, keys)


def _has_stood(store: Store, target: Target, run_id: UUID) -> bool:
    # A shield that is raised again ends what counted under the one before, so that one which stands
    # has stood.
    if not stands(store, target):
        return False
    # What a backup had that was shredded since, nobody knows any more, so that ends it, too.
    return table.is_shielded(store, run_id, target.field.name)
