"""Count a field's rows by what they hold, in SQL, without a value leaving the server."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from psycopg import sql

from reseal.cell import State, state
from reseal.conditions import begins, is_empty, is_foreign, is_plain, is_usual
from reseal.envelope import HEAD_CHARACTERS, PREFIX, version_of, version_prefix
from reseal.shape import Shape
from reseal.store.catalog import Target
from reseal.store.store import Store

# For what begins as an envelope, the first characters show the key version and nothing random.
CENSUS = """
SELECT CASE WHEN {empty} THEN 'empty' WHEN {usual} THEN 'plain'
            WHEN {sealed} THEN left({secret}, {head}) WHEN {foreign} THEN 'foreign'
            WHEN {plain} THEN 'plain'
            ELSE 'unrecognised' END AS shape, count(*)
FROM {table} AS t WHERE {where} GROUP BY 1
"""

# Which of a document's leaves are secrets SQL cannot tell; the text is read and counted here.
CELLS = "SELECT {cell} FROM {table} AS t WHERE ({where}) AND NOT {empty}"

NONE_THERE = "SELECT count(*) FROM {table} AS t WHERE ({where}) AND {empty}"

HOW_MANY = "SELECT count(*) FROM {table} AS t WHERE {where}"

ANY_THERE = "SELECT EXISTS (SELECT FROM {table} AS t WHERE {where})"

_CELLS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Census:
    """How many rows of a field hold what; `sealed` by key version."""

    empty: int = 0
    plain: int = 0
    foreign: int = 0
    unrecognised: int = 0
    sealed: dict[int, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """All rows of the field."""
        return self.empty + self.plain + self.foreign + self.unrecognised + self.all_sealed

    @property
    def all_sealed(self) -> int:
        """Rows that hold an envelope, under whatever key."""
        return sum(self.sealed.values())

    @property
    def unsettled(self) -> int:
        """Rows that hold something that is neither empty nor sealed."""
        return self.plain + self.foreign + self.unrecognised

    @classmethod
    def of(cls, counts: dict[str, int]) -> Self:
        """Make a census of counts by shape name or envelope head."""
        simple = {shape: counts.get(shape, 0) for shape in Shape if shape is not Shape.SEALED}
        sealed: Counter[int] = Counter()
        for head, rows in counts.items():
            if not head.startswith(PREFIX):
                continue
            version = version_of(head)
            if version is None:
                # Begins like an envelope and is none: a damaged value, not a sealed one.
                simple[Shape.UNRECOGNISED] += rows
            else:
                sealed[version] += rows
        return cls(**{shape.value: n for shape, n in simple.items()}, sealed=dict(sealed))

    def as_dict(self) -> dict[str, object]:
        """Return the census as the command line prints it."""
        return {
            "rows": self.rows,
            "empty": self.empty,
            "plain": self.plain,
            "foreign": self.foreign,
            "unrecognised": self.unrecognised,
            "sealed": {str(version): rows for version, rows in sorted(self.sealed.items())},
        }


def take_census(store: Store, target: Target) -> Census:
    """Count the field's rows in one snapshot."""
    return Census.of(_read(store, target) if target.is_document else _asked(store, target))


def has_rows(store: Store, target: Target) -> bool:
    """Say whether the field has a row, whatever it holds."""
    return bool(store.need(ANY_THERE, table=target.table, where=target.where)[0])


def rows_of(store: Store, target: Target) -> int:
    """Return how many rows the field has, whatever they hold, in a tenth of a census' time."""
    return int(store.need(HOW_MANY, table=target.table, where=target.where)[0])


def census_of(target: Target, texts: Iterable[str | None]) -> Census:
    """Count cells that have been read."""
    counts = Counter(
        Shape.EMPTY if text is None else _counted(state(target, text)) for text in texts
    )
    return Census.of(dict(counts))


def _asked(store: Store, target: Target) -> dict[str, int]:
    rows = store.execute(
        CENSUS,
        empty=is_empty(target),
        usual=is_usual(target.field, target.secret),
        sealed=begins(target.secret, PREFIX),
        secret=target.secret,
        head=sql.Literal(HEAD_CHARACTERS),
        foreign=is_foreign(target.secret),
        plain=is_plain(target.field, target.secret),
        table=target.table,
        where=target.where,
    )
    return dict(rows.fetchall())


def _read(store: Store, target: Target) -> dict[str, int]:
    parts: dict[str, sql.Composable] = {
        "table": target.table,
        "where": target.where,
        "empty": is_empty(target),
    }
    counts: Counter[str] = Counter()
    with store.snapshot():
        counts[Shape.EMPTY] += store.need(NONE_THERE, (), **parts)[0]
        for (text,) in store.stream(CELLS, _CELLS_AT_ONCE, cell=target.cell, **parts):
            counts[_counted(state(target, text))] += 1
    return counts


def _counted(found: State) -> str:
    if found.shape is not Shape.SEALED:
        return found.shape
    return version_prefix(found.version) if found.version else PREFIX
