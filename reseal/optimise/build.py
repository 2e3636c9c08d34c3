"""Indexes of our own: built beside the running application, valid or gone again."""

from dataclasses import dataclass

from psycopg import sql

from reseal.errors import StoreError
from reseal.optimise.proposal import Proposal, prefix
from reseal.store.catalog import Target
from reseal.store.store import Store

# Never IF NOT EXISTS, which is content with an invalid one.
CREATE = "CREATE INDEX CONCURRENTLY {bare} ON {table} {definition}"

DROP = "DROP INDEX CONCURRENTLY IF EXISTS {index}"

IS_VALID = """
SELECT i.indisvalid AND i.indisready FROM pg_index i WHERE i.indexrelid = to_regclass(%s)
"""

# What killed builds have left. One that somebody is still at is in the view, without its name where
# this role may not see what others do.
LEFTOVERS = """
SELECT n.nspname, c.relname FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE i.indrelid = %(table)s AND starts_with(c.relname::text, %(prefix)s) AND NOT i.indisvalid
  AND NOT EXISTS (
    SELECT FROM pg_stat_progress_create_index p JOIN pg_database d ON d.oid = p.datid
    WHERE d.datname = current_database()
      AND (p.index_relid = i.indexrelid OR p.index_relid IS NULL))
"""

VACUUM = "VACUUM (ANALYZE) {table}"

# An index over an expression brings statistics of it, once the table is analysed.
ANALYZE = "ANALYZE {table}"

# As far as the last VACUUM came.
ALL_VISIBLE = "SELECT relallvisible >= relpages FROM pg_class WHERE oid = %s"


@dataclass(frozen=True, slots=True)
class Index:
    """A proposed index on a table, by its name."""

    target: Target
    proposal: Proposal

    @property
    def name(self) -> str:
        """Its name, without the schema."""
        return self.proposal.name(self.target.field.table)

    @property
    def qualified(self) -> sql.Identifier:
        """Its name, quoted, in the table's schema."""
        return sql.Identifier(self.target.field.schema, self.name)


def build(store: Store, index: Index) -> None:
    """Build an index; raise StoreError where it does not come out valid, and is to be dropped."""
    target = index.target
    parts = {"bare": sql.Identifier(index.name), "table": target.table}
    store.execute(CREATE, (), definition=index.proposal.definition, **parts)
    if not is_valid(store, index):
        raise StoreError(f"the index {index.name} was built, but is not valid")
    if not all(operand.is_plain for operand in index.proposal.key):
        store.execute(ANALYZE, table=target.table)


def is_valid(store: Store, index: Index) -> bool:
    """Say whether an index of this name stands, and answers queries."""
    found = store.one(IS_VALID, [index.qualified.as_string(store.connection)])
    return bool(found and found[0])


def drop(store: Store, index: Index) -> None:
    """Drop an index, whether or not it is there."""
    store.execute(DROP, index=index.qualified)


def drop_leftovers(store: Store, target: Target) -> list[str]:
    """Drop what killed builds of our own have left on a table; return the names."""
    parameters = {"table": target.oid, "prefix": prefix(target.field.table)}
    left = store.execute(LEFTOVERS, parameters).fetchall()
    for schema, name in left:
        store.execute(DROP, index=sql.Identifier(schema, name))
    return [name for _, name in left]


def vacuum(store: Store, target: Target) -> None:
    """Have the server know which pages all can see, and what the columns hold."""
    store.execute(VACUUM, table=target.table)


def is_all_visible(store: Store, target: Target) -> bool:
    """Say whether an index alone could answer for every row."""
    return bool(store.need(ALL_VISIBLE, [target.oid])[0])
