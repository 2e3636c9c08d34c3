"""What a query is asked with: values that rows of the table have, and never its secret."""

from collections.abc import Sequence
from typing import TypeVar

from psycopg import sql

from reseal.discover.sample import by_pages
from reseal.optimise.query import Query
from reseal.store.catalog import Target
from reseal.store.store import Store

SAMPLE = """
SELECT /* reseal */ {wanted} FROM {heap} AS t {pages} WHERE {where} LIMIT {most}
"""

# Several, as rows in different parts of a table may take different plans.
VALUES = 5
_PAGES = 60
_MOST_ROWS = 1000

Row = tuple[object, ...]
Item = TypeVar("Item")


def sample(store: Store, target: Target, query: Query) -> list[Row]:
    """Return what several rows would be found by; nothing where no row is such as it looks for."""
    heap = target.heaps[0]
    found = _rows(store, target, query, by_pages(_PAGES, heap.pages))
    if not found:
        # Such rows are rare: whichever come first.
        found = _rows(store, target, query, sql.SQL(""))
    return spread(found, VALUES)


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """Return at most so many items of a sequence, as far apart as can be."""
    if len(items) <= most:
        return list(items)
    return [items[round(number * (len(items) - 1) / (most - 1))] for number in range(most)]


def _rows(store: Store, target: Target, query: Query, pages: sql.Composable) -> list[Row]:
    wanted = [operand.spelled("t") for operand in query.lookups]
    where = [condition.spelled("t") for condition in query.conditions]
    where += [sql.SQL("{} IS NOT NULL").format(operand) for operand in wanted]
    rows = store.execute(
        SAMPLE,
        wanted=sql.SQL(", ").join(wanted),
        heap=target.heaps[0].name,
        pages=pages,
        where=sql.SQL(" AND ").join(where),
        most=sql.Literal(_MOST_ROWS),
    )
    return list(dict.fromkeys(map(tuple, rows)))
