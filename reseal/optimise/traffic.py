"""How often a table is asked and written, which is what an index is weighed against."""

from collections.abc import Iterable
from dataclasses import dataclass

from reseal.optimise.columns import Columns
from reseal.optimise.statements import written
from reseal.store.catalog import Target
from reseal.store.store import Store

# Where a query was not counted: so many lookups for each entry that an index gets. Whoever logs in
# is looked up each time, and a row is made once; sites that read less than this are rare.
ASSUMED_LOOKUPS = 3.0

# HOT updates write no index at all, unless a column of one has changed (PostgreSQL manual, 66.7).
HOT = """
SELECT pg_stat_get_tuples_updated(%(table)s), pg_stat_get_tuples_hot_updated(%(table)s),
       (SELECT count(*) FROM pg_index WHERE indrelid = %(table)s)
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What an index costs: entries of its own, and updates that all indexes follow because of it.

    `indexes` is how many there are without it.
    """

    entries: float
    no_longer_hot: float
    indexes: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a table's writers do: rows inserted, and updated by which columns are set.

    `hot_share` of the updates write no index today. Where nothing is `counted`, it is one insert.
    """

    inserted: float = 1.0
    updated: tuple[tuple[frozenset[str], float], ...] = ()
    hot_share: float = 0.0
    indexes: int = 1
    counted: bool = False

    @property
    def entries(self) -> float:
        """Return how many entries each index gets from these writes."""
        every = sum(rows for _, rows in self.updated)
        return self.inserted + every * (1 - self.hot_share)

    def lookups(self, calls: int | None) -> float:
        """Return how often a query is asked, in the same time; assumed where it was not seen."""
        if self.counted and calls is not None:
            return float(calls)
        return ASSUMED_LOOKUPS * self.entries

    def load(self, columns: Iterable[str]) -> Load:
        """Return what an index that holds these columns costs."""
        held = frozenset(columns)
        touching = sum(rows for changed, rows in self.updated if changed & held)
        return Load(self.entries, touching * self.hot_share, self.indexes)


def traffic_of(store: Store, target: Target, columns: Columns) -> Traffic:
    """Return what pg_stat_statements has counted of a table, or what is assumed without it.

    What sets nothing but secrets is left out: it is a run of Reseal's own.
    """
    updates, hot, indexes = store.need(HOT, {"table": target.oid})
    found = written(store, target)
    if not found:
        return Traffic(indexes=indexes)
    inserted = sum(rows for statement, rows in found if statement.columns is None)
    updated = tuple(
        (statement.columns, float(rows))
        for statement, rows in found
        if statement.columns and not statement.columns <= columns.secret
    )
    return Traffic(float(inserted), updated, hot / updates if updates else 0.0, indexes, True)
