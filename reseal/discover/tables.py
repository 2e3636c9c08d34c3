"""The tables and columns that can hold a secret, by one look into the catalog."""

from dataclasses import dataclass

from psycopg import sql
from psycopg.rows import TupleRow

from reseal.store.column import CODECS, DOCUMENTS, Column
from reseal.store.store import Store

# An inherited column is looked at together with its parent's. A domain counts as what it is of.
COLUMNS = """
WITH RECURSIVE wanted AS (
    SELECT c.oid, n.nspname, c.relname, c.relkind::text AS kind FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition
      AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'reseal', %(own)s)
), tree (top, oid) AS (
    SELECT oid, oid FROM wanted
    UNION SELECT t.top, i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid
), size AS (
    SELECT t.top, sum(pg_relation_size(c.oid)) / current_setting('block_size')::int AS pages,
           sum(greatest(c.reltuples, 0)) AS tuples, sum(c.relpages) AS counted
    FROM tree t JOIN pg_class c USING (oid) WHERE c.relkind <> 'p' GROUP BY t.top
), made_of (oid, attnum, type, depth) AS (
    SELECT a.attrelid, a.attnum, a.atttypid, 0 FROM wanted w JOIN pg_attribute a
    ON a.attrelid = w.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attinhcount = 0
    UNION ALL
    SELECT m.oid, m.attnum, t.typbasetype, m.depth + 1
    FROM made_of m JOIN pg_type t ON t.oid = m.type WHERE t.typtype = 'd'
)
SELECT w.oid, w.nspname, w.relname, w.kind, coalesce(s.pages, 0)::bigint,
       coalesce(s.tuples / nullif(s.counted, 0), 0)::float8,
       a.attname, t.typname, n.nspname,
       has_schema_privilege(w.nspname, 'USAGE')
       AND has_column_privilege(w.oid, a.attnum, 'SELECT')
FROM made_of m JOIN wanted w USING (oid) JOIN pg_attribute a ON a.attrelid = m.oid
     AND a.attnum = m.attnum
JOIN pg_type t ON t.oid = m.type JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN size s ON s.top = w.oid
WHERE t.typtype <> 'd' AND t.typname = ANY (%(types)s)
ORDER BY w.nspname, w.relname, a.attnum
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its partitions and heirs: the columns worth a look, and how large it is.

    `rows_per_page` is 0 where no ANALYZE has counted yet; `hidden` are columns that the role may
    not read.
    """

    oid: int
    schema: str
    name: str
    kind: str
    pages: int
    rows_per_page: float
    columns: tuple[Column, ...]
    hidden: tuple[str, ...] = ()

    @property
    def qualified(self) -> str:
        """The table as a person writes it."""
        return f"{self.schema}.{self.name}"

    @property
    def identifier(self) -> sql.Identifier:
        """The table, quoted."""
        return sql.Identifier(self.schema, self.name)

    @property
    def can_be_a_field(self) -> bool:
        """Whether a field may be described on it; not on a materialized view."""
        return self.kind in {"r", "p"}


def is_document(column: Column) -> bool:
    """Say whether all values of a column are documents."""
    return column.type in DOCUMENTS


def tables(store: Store) -> list[Table]:
    """Return every table of the database in the order of their names."""
    parameters = {"own": store.schema, "types": list(CODECS)}
    found: dict[int, list[TupleRow]] = {}
    for row in store.execute(COLUMNS, parameters):
        found.setdefault(row[0], []).append(row)
    return [_table(rows) for rows in found.values()]


def _table(rows: list[TupleRow]) -> Table:
    columns = tuple(
        Column(row[6], row[7], row[8], limit=None, not_null=False) for row in rows if row[9]
    )
    hidden = tuple(row[6] for row in rows if not row[9])
    oid, schema, name, kind, pages, rows_per_page = rows[0][:6]
    return Table(oid, schema, name, kind, pages, rows_per_page, columns, hidden)
