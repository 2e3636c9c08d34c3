"""Ask the planner about an index that is not there, where the extension HypoPG is."""

from psycopg import sql

from reseal.optimise.build import Index
from reseal.optimise.plan import estimate
from reseal.optimise.query import Query
from reseal.optimise.samples import Row
from reseal.store.extension import schema_of
from reseal.store.store import Store

# It lives in this session only, and nobody else's plans know of it.
CREATE = "SELECT indexname FROM {create} (%s)"

RESET = "SELECT {reset} ()"

# What is handed over as a text, and never run as such.
DEFINITION = "CREATE INDEX ON {table} {definition}"


def extension(store: Store) -> str | None:
    """Return the schema of HypoPG, None where it is not installed."""
    return schema_of(store, "hypopg")


def would_take(
    store: Store, schema: str, index: Index, query: Query, row: Row
) -> tuple[bool, float]:
    """Say whether the planner would take the index for a query, and at which cost."""
    table = index.target.table
    composed = sql.SQL(DEFINITION).format(table=table, definition=index.proposal.definition)
    create = sql.Identifier(schema, "hypopg_create_index")
    try:
        text = composed.as_string(store.connection)
        name = store.need(CREATE, [text], create=create)[0]
        taken, cost = estimate(store, table, query, row)
        return name in taken, cost
    finally:
        if not store.connection.closed:
            store.execute(RESET, reset=sql.Identifier(schema, "hypopg_reset"))
