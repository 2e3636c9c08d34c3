"""What applications ask and write, as pg_stat_statements has counted it."""

from typing import NamedTuple

from psycopg import sql

from reseal.errors import ConnectionLost, QueryRefused, StoreError
from reseal.field import Field
from reseal.optimise.syntax import MOST_CHARACTERS, Written, parse_write
from reseal.store.catalog import Target
from reseal.store.extension import schema_of
from reseal.store.store import Store

# Values stand in none of them: the server has put $1 and so on in their place. Other kinds of
# statement keep theirs, a password perhaps, and are left there; so is what Reseal asked itself.
STATEMENTS = r"""
SELECT query, sum(calls)::bigint, sum(rows)::bigint FROM {statements}
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND query ~* %(begins)s AND strpos(lower(query), lower(%(table)s)) > 0
  AND query !~ '/\* reseal \*/' AND length(query) <= %(most)s
GROUP BY query ORDER BY 2 DESC LIMIT %(limit)s
"""

_ASKS = r"^\s*(/\*.*?\*/\s*)*select\M"
_WRITES = r"^\s*(/\*.*?\*/\s*)*(update|insert)\M"

# Beyond these somebody asks too seldom for an index to matter.
_MOST_STATEMENTS = 200


class Statement(NamedTuple):
    """A statement that applications sent: how often, and how many rows it gave or wrote."""

    text: str
    calls: int
    rows: int


def asked(store: Store, target: Target) -> list[Statement]:
    """Return the SELECTs that name a field's table, the most frequent first.

    There are none where the extension is missing, or not loaded, or this role may not read it.
    """
    return _counted(store, target, _ASKS)


def written(store: Store, target: Target) -> list[tuple[Written, int]]:
    """Return what was written to a field's table by each kind of statement, and how many rows."""
    found = []
    for statement in _counted(store, target, _WRITES):
        try:
            parsed = parse_write(statement.text)
        except QueryRefused:
            continue
        if is_of(target.field, parsed.schema, parsed.table):
            found.append((parsed, statement.rows))
    return found


def is_of(field: Field, schema: str | None, table: str) -> bool:
    """Say whether a name is that of a field's table; a schema that is left out is taken for its."""
    return table == field.table and schema in (None, field.schema)


def _counted(store: Store, target: Target, begins: str) -> list[Statement]:
    schema = schema_of(store, "pg_stat_statements")
    if schema is None:
        return []
    parameters = {
        "begins": begins, "table": target.field.table, "most": MOST_CHARACTERS,
        "limit": _MOST_STATEMENTS,
    }  # fmt: skip
    view = sql.Identifier(schema, "pg_stat_statements")
    try:
        rows = store.execute(STATEMENTS, parameters, statements=view).fetchall()
    except ConnectionLost:
        raise
    except StoreError:
        # Created, but not in shared_preload_libraries; or not granted.
        return []
    return [Statement(*row) for row in rows]
