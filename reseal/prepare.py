"""Make the table ready to hold envelopes: room in the column, no index over the secret."""

from dataclasses import asdict, dataclass
from typing import Any

from psycopg import sql

from reseal import envelope
from reseal.conditions import begins
from reseal.envelope import PREFIX
from reseal.patience import Patience
from reseal.shield import drop_from_column
from reseal.store.catalog import Target
from reseal.store.limits import limits
from reseal.store.store import Store

# To the type without the limit, which rewrites neither table nor index: varchar(n) to text, char(n)
# to bpchar, an array of varchar(n) to one of varchar. The lock is held for a moment only.
WIDEN = "ALTER TABLE {table} ALTER COLUMN {column} TYPE {wide}"

# An index over the secret serves no one once it is ciphertext, keeps every write from being
# HOT and holds the old plaintext. Those behind a constraint are the operator's to remove, those
# of a partition go with their parent's.
INDEXES = """
SELECT n.nspname, c.relname, pg_get_indexdef(i.indexrelid), c.relkind::text FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attname = %(column)s
WHERE i.indrelid = ANY (%(tables)s) AND NOT i.indisprimary AND NOT i.indisunique
  AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
  AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
              AND d.objid = i.indexrelid AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum)
ORDER BY n.nspname, c.relname
"""

DROP = "DROP INDEX CONCURRENTLY {index}"

# Of a partitioned table's index PostgreSQL offers no other way; it takes the lock for a moment.
DROP_PARTITIONED = "DROP INDEX {index}"

LONGEST = """
SELECT coalesce(max(octet_length({secret})), 0) FROM {table} AS t
WHERE ({where}) AND NOT {sealed}
"""


@dataclass(frozen=True, slots=True)
class Preparation:
    """What was changed on the table before the first row, and what would bring indexes back."""

    widened: bool
    dropped_indexes: list[str]

    def as_dict(self) -> dict[str, Any]:
        """Return it for the evidence."""
        return asdict(self)


def prepare(store: Store, target: Target) -> Preparation:
    """Widen the column if it is short and drop the indexes over it."""
    column = sql.Identifier(target.field.column)
    widens = not has_room(store, target)
    # Each waits its turn for a lock only briefly, and again, so that logins never queue behind it.
    if widens:
        drop_from_column(store, target)
        wide = sql.SQL(target.column.codec.wide or "text")
        Patience().retry(
            lambda: store.execute(WIDEN, (), table=target.table, column=column, wide=wide)
        )
    return Preparation(widens, [_drop(store, *index) for index in indexes(store, target)])


def has_room(store: Store, target: Target) -> bool:
    """Say whether the envelope of the longest secret fits, under any later key version too."""
    limit = target.column.limit
    if limit is None or target.field.keeps_aside:
        return True
    # A document grows with each of its secrets, and char(n) would pad each envelope with blanks.
    if target.is_document or target.column.type == "bpchar":
        return False
    # What is sealed already takes no more room than it has; NULL is no secret.
    sealed = sql.SQL("coalesce({}, true)").format(begins(target.secret, PREFIX))
    parts = {"secret": target.secret, "table": target.table, "where": target.where}
    longest = store.need(LONGEST, (), sealed=sealed, **parts)[0]
    return envelope.longest(longest) <= limit


def indexes(store: Store, target: Target) -> list[tuple[str, str, str, str]]:
    """Return the schema, name, definition and kind of each plain index over the secret.

    An index over a document serves what else is in it, and stays.
    """
    if target.is_document:
        return []
    parameters = {"tables": target.oids, "column": target.field.column}
    return [(*names, kind) for *names, kind in store.execute(INDEXES, parameters)]


def _drop(store: Store, schema: str, name: str, definition: str, kind: str) -> str:
    index = sql.Identifier(schema, name)
    if kind == "I":
        Patience().retry(lambda: store.execute(DROP_PARTITIONED, index=index))
        return definition
    # CONCURRENTLY waits for transactions that use the index; the application goes on meanwhile.
    with limits(store, lock="30s"):
        store.execute(DROP, index=index)
    return definition
