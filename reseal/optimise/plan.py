"""How the server answers a query: its plan, the time that it takes and the pages that it reads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from psycopg import sql

from reseal.optimise.query import SELECT, Query
from reseal.optimise.samples import Row
from reseal.store.store import Store

EXPLAIN = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {SELECT}"

ESTIMATE = f"EXPLAIN (FORMAT JSON) {SELECT}"

# Nothing that is asked here can write.
READ_ONLY = "SET TRANSACTION READ ONLY"

# A login that takes longer is not worth waiting for fifteen times.
PATIENCE = "SET LOCAL statement_timeout = '60s'"

_ROUNDS = 3
# After so much of the server's time one round has told enough.
_ENOUGH_MILLISECONDS = 5000.0

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan's node and index, the planner's cost, and medians of milliseconds and of pages.

    Pages are those of the table and its indexes, wherever they were found. The page of the
    visibility map that an index alone is answered with is not among them: it stands for thousands
    of the table's, and for all rows it is the same.
    """

    node: str
    index: str | None
    cost: float
    milliseconds: float
    pages: float


def measure(store: Store, table: sql.Composable, query: Query, values: Sequence[Row]) -> Plan:
    """Ask a query with each of several values, some times over, and return the medians."""
    runs: list[Node] = []
    with store.transaction():
        store.execute(READ_ONLY)
        store.execute(PATIENCE)
        for _ in range(_ROUNDS):
            runs += [store.need(EXPLAIN, row, **query.parts(table))[0][0] for row in values]
            if sum(run["Execution Time"] for run in runs) > _ENOUGH_MILLISECONDS:
                break
    return of_runs(runs)


def estimate(store: Store, table: sql.Composable, query: Query, row: Row) -> tuple[set[str], float]:
    """Return which indexes the planner would take, and its cost; nothing is run."""
    root = store.need(ESTIMATE, row, **query.parts(table))[0][0]["Plan"]
    indexes = {str(node["Index Name"]) for node in _nodes(root) if "Index Name" in node}
    return indexes, float(root["Total Cost"])


def of_runs(runs: Sequence[Node]) -> Plan:
    """Return what several runs of a query come to; the plan is that of the last one."""
    root = runs[-1]["Plan"]
    nodes = list(_nodes(root))
    scan = next((node for node in nodes if "Relation Name" in node), root)
    return Plan(
        node=str(scan["Node Type"]),
        index=next((str(node["Index Name"]) for node in nodes if "Index Name" in node), None),
        cost=float(root["Total Cost"]),
        milliseconds=median(float(run["Execution Time"]) for run in runs),
        pages=median(_pages(run["Plan"]) for run in runs),
    )


def _pages(root: Node) -> float:
    """Return the pages that a run has looked at; those of a node are also its parents'."""
    read = int(root.get("Shared Hit Blocks", 0)) + int(root.get("Shared Read Blocks", 0))
    return max(0, read - sum(1 for node in _nodes(root) if _asks_the_map(node)))


def _asks_the_map(node: Node) -> bool:
    if node["Node Type"] != "Index Only Scan":
        return False
    # Where the table was asked for all of them, the map need not have been there.
    rows = float(node.get("Actual Rows", 0)) * float(node.get("Actual Loops", 1))
    return 0 <= float(node.get("Heap Fetches", 0)) < rows


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)
