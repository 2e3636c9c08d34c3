"""How many rows still hold an envelope of a key version, now and each time it was counted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import sql

from reseal.conditions import begins
from reseal.envelope import version_prefix
from reseal.store.catalog import Target
from reseal.store.store import Store

# Of the whole table: a row that has left the field's `where` still needs its key.
COUNT = "SELECT {counts} FROM {table} AS t"

RECORD = """
INSERT INTO {reseal}.key_census (field, version, rows, run_id) VALUES (%s, %s, %s, %s)
"""

LATEST = """
SELECT DISTINCT ON (field) field, rows, taken FROM {reseal}.key_census WHERE version = %s
ORDER BY field, taken DESC
"""

# The first count that found none, since the last one that found some and since the key last sealed.
FREE_SINCE = """
SELECT min(c.taken) FROM {reseal}.key_census AS c
WHERE c.version = %(version)s AND c.field = %(field)s AND c.taken > greatest(
    (SELECT max(held.taken) FROM {reseal}.key_census AS held
     WHERE held.version = c.version AND held.field = c.field AND held.rows > 0),
    (SELECT retired FROM {reseal}.data_key WHERE version = c.version),
    (SELECT last_sealed FROM {reseal}.key_use WHERE version = c.version),
    (SELECT max(written) FROM {reseal}.batch
     WHERE key_version = c.version AND field = c.field AND changed > 0), '-infinity')
"""

# Every field that is known to have held envelopes of the version, whatever reseal.toml says today.
FIELDS = """
SELECT field FROM {reseal}.key_census WHERE version = %(version)s AND rows > 0
UNION SELECT field FROM {reseal}.batch WHERE key_version = %(version)s AND changed > 0
ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Count:
    """Rows under a key version, and when they were counted."""

    rows: int
    taken: datetime


def count_under(store: Store, target: Target, versions: Iterable[int]) -> dict[int, int]:
    """Return by key version how many rows of the field's table hold an envelope of it."""
    chosen = list(versions)
    if not chosen:
        return {}
    counts = sql.SQL(", ").join(
        sql.SQL("count(*) FILTER (WHERE {})").format(holds(target, version)) for version in chosen
    )
    row = store.need(COUNT, counts=counts, table=target.table)
    return dict(zip(chosen, row, strict=True))


def record(store: Store, field: str, counted: dict[int, int], run_id: UUID | None = None) -> None:
    """Keep what was counted, for the day on which a key is to go."""
    for version, rows in counted.items():
        store.execute(RECORD, [field, version, rows, run_id])


def latest(store: Store, version: int) -> dict[str, Count]:
    """Return by field what the last recorded count of a key version found."""
    return {name: Count(rows, taken) for name, rows, taken in store.execute(LATEST, [version])}


def free_since(store: Store, field: str, version: int) -> datetime | None:
    """Return since when no recorded count of the field has found the key version."""
    found: datetime | None
    (found,) = store.need(FREE_SINCE, {"version": version, "field": field})
    return found


def fields_under(store: Store, version: int) -> list[str]:
    """Return the names of the fields that ever held an envelope of a key version."""
    return [name for (name,) in store.execute(FIELDS, {"version": version})]


def holds(target: Target, version: int) -> sql.Composable:
    """Return the condition that a row `t` holds an envelope of a key version."""
    prefix = version_prefix(version)
    if not target.is_document:
        return begins(target.secret, prefix)
    # Anywhere in the column: better one leaf too many than one that is lost. Not in the cell,
    # which is nothing where it cannot be read as JSON.
    return sql.SQL('strpos({}::text COLLATE "C", {}) > 0').format(
        target.stored, sql.Literal(prefix)
    )
