"""Sample a table by pages, and tell what its values look like without reading them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from psycopg import sql

from reseal.discover.kinds import LOOKS, NOTHING, Kind, kind_sql, trimmed
from reseal.discover.tables import Table, is_document
from reseal.store.column import Column
from reseal.store.store import Store

MOST_ROWS = 1000
FEW_ROWS = 200
# Never more of a table than 16 MB are read, however few of its rows hold anything.
MOST_PAGES = 2000
PAGES_UNKNOWN = 64
# Longer values are no secrets, and reading them would take its time.
MOST_BYTES = 65536
_CHARACTERS = 4096

# Patience with one table, its indexes and its TOAST.
PATIENCE = "SET LOCAL statement_timeout = '5s'"

SAMPLE = """
(SELECT {columns}, {group} AS marked FROM {table} AS t {pages} WHERE {where} LIMIT {most}) AS s
"""

# Counts only; `marked` tells rows of several kinds apart, and is itself not returned.
COUNTS = """
SELECT n, kind, dense_rank() OVER (ORDER BY marked NULLS FIRST), marked IS NOT NULL, found, several
FROM (
    SELECT v.n, {kind} AS kind, s.marked, count(*) AS found, count(DISTINCT v.value) AS several
    FROM {sample} CROSS JOIN LATERAL (VALUES {values}) AS v (n, value, octets)
    WHERE lower(v.value) <> ALL ({nothing}) GROUP BY v.n, 2, s.marked
) AS counted ORDER BY 1, 2, 3
"""

DOCUMENTS = """
SELECT v.n, dense_rank() OVER (ORDER BY s.marked NULLS FIRST), s.marked IS NOT NULL, v.value
FROM {sample} CROSS JOIN LATERAL (VALUES {values}) AS v (n, value) WHERE {document}
"""


@dataclass(slots=True)
class Tally:
    """How many values of each kind a place holds, and how many different ones."""

    found: Counter[Kind] = field(default_factory=Counter)
    several: Counter[Kind] = field(default_factory=Counter)

    def __bool__(self) -> bool:
        return bool(self.found)


class Group(NamedTuple):
    """The rows of a sample that a discriminator marks alike; `marked` False: all others."""

    number: int
    marked: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """Which rows of a table to look at: where given, only those with a value in a `filled` column.

    `discriminator` is a column that says what kind of thing a row is.
    """

    table: Table
    pages: int
    most: int = MOST_ROWS
    filled: tuple[Column, ...] = ()
    discriminator: Column | None = None

    @property
    def whole(self) -> bool:
        """Whether every page is in the sample."""
        return self.pages >= self.table.pages

    def rows(self, columns: tuple[Column, ...]) -> sql.Composable:
        """Return the sub-select of these columns, c0 and on."""
        names = [
            sql.SQL("{} AS {}").format(sql.Identifier("t", column.name), _alias(n))
            for n, column in enumerate(columns)
        ]
        return sql.SQL(SAMPLE).format(
            columns=sql.SQL(", ").join(names),
            group=self._group(),
            table=self.table.identifier,
            pages=by_pages(self.pages, self.table.pages),
            where=self._where(),
            most=sql.Literal(self.most),
        )

    def _where(self) -> sql.Composable:
        names = [sql.Identifier("t", column.name) for column in self.filled]
        conditions = [sql.SQL("{} IS NOT NULL").format(name) for name in names]
        return sql.SQL(" OR ").join(conditions) if conditions else sql.SQL("true")

    def _group(self) -> sql.Composable:
        if self.discriminator is None:
            return sql.SQL("NULL::text")
        value = self.discriminator.judge(sql.Identifier("t", self.discriminator.name))
        is_word = LOOKS[Kind.WORD].sql(value)
        return sql.SQL("CASE WHEN {} THEN {} END").format(is_word, value)


def usual(table: Table) -> Sample:
    """Return a sample of about MOST_ROWS rows, spread over the table."""
    return _spread(table, MOST_ROWS)


def first(table: Table) -> Sample:
    """Return a small sample, which tells whether the usual one is worth its time."""
    return _spread(table, FEW_ROWS)


def _spread(table: Table, rows: int) -> Sample:
    density = table.rows_per_page
    pages = round(rows / density) + 4 if density else PAGES_UNKNOWN
    return Sample(table, min(pages, MOST_PAGES), rows)


def filled(table: Table, columns: tuple[Column, ...]) -> Sample:
    """Return a sample of the rows where one of these columns has a value, from many pages."""
    return Sample(table, MOST_PAGES, filled=columns)


def by_pages(wanted: int, pages: int) -> sql.Composable:
    """Return the clause that takes about so many of a table's pages, and always the same ones."""
    # Nearly all is as quickly read as all, and a table that has grown since is not left out.
    if wanted * 2 >= pages:
        return sql.SQL("")
    share = sql.Literal(round(100 * wanted / pages, 6))
    return sql.SQL("TABLESAMPLE SYSTEM ({}) REPEATABLE (0)").format(share)


def count(
    store: Store, sample: Sample, columns: tuple[Column, ...]
) -> dict[tuple[Column, Group], Tally]:
    """Count what the values look like, by column and group; none of them leaves the server."""
    tallies: dict[tuple[Column, Group], Tally] = {}
    if not columns:
        return tallies
    values = [
        sql.SQL("({}, {}, {})").format(sql.Literal(n), _text(n, column), _octets(n, column))
        for n, column in enumerate(columns)
    ]
    rows = store.execute(
        COUNTS,
        kind=kind_sql(sql.SQL("v.value"), sql.SQL("v.octets")),
        sample=sample.rows(columns),
        values=sql.SQL(", ").join(values),
        nothing=_nothing(),
    )
    for n, kind, number, marked, found, several in rows:
        tally = tallies.setdefault((columns[n], Group(number, marked)), Tally())
        tally.found[Kind(kind)] += found
        tally.several[Kind(kind)] += several
    return tallies


def documents(
    store: Store, sample: Sample, columns: tuple[Column, ...]
) -> Iterator[tuple[Column, Group, str]]:
    """Yield the documents of a sample; call it in a transaction."""
    if not columns:
        return
    values = [
        sql.SQL("({}, {})").format(sql.Literal(n), _small(n, column.read(_cell(n))))
        for n, column in enumerate(columns)
    ]
    rows = store.stream(
        DOCUMENTS,
        200,
        sample=sample.rows(columns),
        values=sql.SQL(", ").join(values),
        document=LOOKS[Kind.DOCUMENT].sql(trimmed(sql.SQL("v.value"))),
    )
    for n, number, marked, text in rows:
        yield columns[n], Group(number, marked), text


@contextmanager
def patient(store: Store) -> Iterator[None]:
    """Run the block in one transaction whose statements end after some seconds."""
    with store.transaction():
        store.execute(PATIENCE)
        yield


def can_be_judged(column: Column) -> bool:
    """Say whether SQL can tell what the values of a column are."""
    return not is_document(column)


def _text(n: int, column: Column) -> sql.Composable:
    cell = _cell(n)
    if column.is_bytes:
        cell = sql.SQL("substr({}, 1, {})").format(cell, sql.Literal(_CHARACTERS))
        return _small(n, trimmed(column.judge(cell)))
    text = sql.SQL("left({}, {})").format(column.judge(cell), sql.Literal(_CHARACTERS))
    return _small(n, trimmed(text))


def _octets(n: int, column: Column) -> sql.Composable:
    return sql.SQL("octet_length({})" if column.is_bytes else "NULL::int").format(_cell(n))


def _small(n: int, text: sql.Composable) -> sql.Composable:
    return sql.SQL("CASE WHEN pg_column_size({}) < {} THEN {} END").format(
        _cell(n), sql.Literal(MOST_BYTES), text
    )


def _alias(n: int) -> sql.Identifier:
    return sql.Identifier(f"c{n}")


def _cell(n: int) -> sql.Composable:
    return sql.Identifier("s", f"c{n}")


def _nothing() -> sql.Composable:
    return sql.SQL("{}::text[]").format(sql.Literal(sorted(NOTHING)))
