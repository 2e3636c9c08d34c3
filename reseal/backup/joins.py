"""Joins that put beside a row `t` what backups have of it.

Their columns are renamed so that a `where` of the operator's cannot mean them.
"""

from collections.abc import Sequence
from uuid import UUID

from psycopg import sql

from reseal.backup.table import partition_of
from reseal.store.catalog import Target
from reseal.store.store import Store, literal

BACKUP = """
LEFT JOIN (SELECT row_key AS reseal_row_key, sealed AS reseal_sealed FROM {partition}
           WHERE run_id = {run} AND field = {field}) AS b
    ON b.reseal_row_key[1] = {first} AND b.reseal_row_key = {texts}
"""

# A batch is a few thousand rows of perhaps millions: whatever the planner expects, each is looked
# up in the backup by its key, and neither table is read whole.
ORIGINAL = """
LEFT JOIN LATERAL (
    SELECT k.sealed AS reseal_sealed FROM {partition} AS k
    WHERE k.run_id = {run} AND k.field = {field}
      AND k.row_key[1] = {first} AND k.row_key = {texts} LIMIT 1
) AS b ON true
"""

LATER = """
LEFT JOIN LATERAL (
    SELECT k.run_id AS reseal_later FROM {reseal}.backup AS k
    WHERE k.run_id = ANY ({runs}) AND k.field = {field}
      AND k.row_key[1] = {first} AND k.row_key = {texts}
    ORDER BY array_position({runs}, k.run_id) LIMIT 1
) AS l ON true
"""


def beside(store: Store, target: Target, run_id: UUID | None) -> dict[str, sql.Composable]:
    """Return `backup`, the join of a run's backup, and `original`, which is what it has of `t`.

    Without a run the original is NULL.
    """
    if run_id is None:
        return {"original": sql.SQL("NULL::bytea"), "backup": sql.SQL("")}
    backup = sql.SQL(BACKUP).format(**_of_run(store, target, run_id))
    return {"original": sql.SQL("b.reseal_sealed"), "backup": backup}


def original_join(store: Store, target: Target, run_id: UUID) -> sql.Composable:
    """Return the join that gives the sealed original of a few rows, as `b.reseal_sealed`."""
    return sql.SQL(ORIGINAL).format(**_of_run(store, target, run_id))


def later_join(store: Store, target: Target, runs: Sequence[UUID]) -> sql.Composable:
    """Return the join that gives the first of these runs which backed a row up, or nothing."""
    if not runs:
        return sql.SQL("")
    return sql.SQL(LATER).format(
        reseal=sql.Identifier(store.schema),
        runs=sql.SQL("{}::uuid[]").format(sql.Literal([str(run) for run in runs])),
        **_by_key(target),
    )


def _of_run(store: Store, target: Target, run_id: UUID) -> dict[str, sql.Composable]:
    partition = partition_of(store, run_id)
    return {"partition": partition, "run": sql.Literal(run_id), **_by_key(target)}


def _by_key(target: Target) -> dict[str, sql.Composable]:
    return {
        "field": literal(target.field.name),
        "first": target.first_key_text,
        "texts": target.key_texts,
    }
