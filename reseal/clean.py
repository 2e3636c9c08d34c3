"""After a run: let dead row versions go and say what is not verified to be gone."""

from dataclasses import asdict, dataclass
from typing import Any

from reseal.store import aside
from reseal.store.catalog import Target
from reseal.store.store import Store

VACUUM = "VACUUM (ANALYZE) {table}"

UNHURRIED = "SET statement_timeout = 0"

HURRIED = "SET statement_timeout = '10min'"

STATISTICS = """
SELECT count(*) FROM pg_statistic s JOIN pg_attribute a
ON a.attrelid = s.starelid AND a.attnum = s.staattnum
WHERE s.starelid = ANY (%s) AND a.attname = %s
"""


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What was cleaned, and what still may hold old plaintext."""

    vacuumed: bool
    statistics_rows: int
    not_verified: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it for the evidence."""
        return asdict(self)


def clean(store: Store, target: Target) -> Cleaning:
    """Vacuum the table and report the places that SQL alone cannot vouch for."""
    store.execute(UNHURRIED)
    for heap in target.heaps:
        store.execute(VACUUM, table=heap.name)
    if target.aside:
        aside.forget(store, target.field.name, target.table, target.stored)
    store.execute(HURRIED)
    kept = store.need(STATISTICS, [target.oids, target.field.column])[0]
    places = (
        "heap pages",
        "planner's statistics",
        "write-ahead log",
        "server logs",
        "replicas",
        "older backups",
    )
    return Cleaning(vacuumed=True, statistics_rows=kept, not_verified=places)
