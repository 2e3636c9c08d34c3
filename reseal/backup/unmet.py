"""What became of the originals whose row a verification did not meet."""

from typing import NamedTuple
from uuid import UUID

from psycopg import sql

from reseal.backup.table import partition_of
from reseal.conditions import is_empty
from reseal.store.catalog import Target
from reseal.store.store import Store, literal

GONE = """
SELECT count(*) FROM {partition} AS b WHERE b.field = {field}
  AND NOT EXISTS (SELECT FROM {table} AS t WHERE b.row_key = {texts} AND ({where}))
"""

EMPTIED = """
SELECT count(*) FROM {partition} AS b JOIN {table} AS t ON b.row_key = {texts}
WHERE b.field = {field} AND ({where}) AND {empty}
"""


class Unmet(NamedTuple):
    """Originals of rows that were deleted or left the field, and of rows that were emptied."""

    gone: int = 0
    emptied: int = 0


def find_unmet(store: Store, target: Target, run_id: UUID) -> Unmet:
    """Count both kinds in the backup of a run; it is compared with the whole table."""
    parts: dict[str, sql.Composable] = {
        "partition": partition_of(store, run_id),
        "field": literal(target.field.name),
        "table": target.table,
        "texts": target.key_texts,
        "where": target.where,
    }
    (gone,) = store.need(GONE, (), **parts)
    (emptied,) = store.need(EMPTIED, (), empty=is_empty(target), **parts)
    return Unmet(gone, emptied)
