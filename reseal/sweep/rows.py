"""Read the rows of a batch: only those a turn may change leave the server, the rest as counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from psycopg import sql

from reseal.conditions import begins, is_empty
from reseal.envelope import PREFIX, version_prefix
from reseal.place import KeyPart
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.span import Span
from reseal.sweep.turn import Turn

# One look for the rows that come and those that are only counted, so that they add up to the rows
# of the span. Of the latter no text leaves the server, and of those that are settled no version.
READ = """
SELECT CASE WHEN {empty} OR NOT {settled} THEN t.xmin::text END,
       CASE WHEN NOT {empty} AND NOT {settled} THEN {cell} END, {key}
FROM {heap} AS t WHERE t.ctid >= %(first)s::tid AND t.ctid < %(after)s::tid AND ({where})
"""

COUNT = """
SELECT count(*), count(*) FILTER (WHERE {empty}), count(*) FILTER (WHERE NOT {empty} AND {settled})
FROM {heap} AS t WHERE t.ctid >= %(first)s::tid AND t.ctid < %(after)s::tid AND ({where})
"""


class Row(NamedTuple):
    """A row as read: its version, the stored text, its key."""

    version: str
    text: str
    key: tuple[KeyPart, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as read, column by column: an object a row costs more than its encryption."""

    versions: Sequence[str] = ()
    texts: Sequence[str] = ()
    keys: Sequence[tuple[KeyPart, ...]] = ()

    @classmethod
    def read(cls, rows: Sequence[tuple[Any, ...]]) -> Self:
        """Take what a cursor gave: version, text, and the parts of the key."""
        if not rows:
            return cls()
        versions, texts, *key = zip(*rows, strict=True)
        return cls(versions, texts, list(zip(*key, strict=True)))

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Self:
        """Take rows one by one."""
        return cls.read([(row.version, row.text, *row.key) for row in rows])

    def __len__(self) -> int:
        return len(self.versions)

    def __iter__(self) -> Iterator[Row]:
        return map(Row, self.versions, self.texts, self.keys)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one snapshot showed of a span.

    Whether a document is empty or settled is told from its text, so those come as rows.
    """

    total: int
    empty: int
    settled: int
    rows: Rows = Rows()

    @classmethod
    def of(cls, found: Sequence[tuple[Any, ...]]) -> Self:
        """Tell the rows that are only counted, which have no text, from the others."""
        counted = [row for row in found if row[1] is None]
        empty = sum(version is not None for version, *_ in counted)
        rows = [row for row in found if row[1] is not None] if counted else found
        return cls(len(found), empty, len(counted) - empty, Rows.read(rows))

    @property
    def is_idle(self) -> bool:
        """Whether every row is empty or settled."""
        return self.total == self.empty + self.settled


def read(store: Store, target: Target, turn: Turn, active: int, span: Span) -> Reading:
    """Read the rows of a span that the turn may change, and count the others."""
    parts = {**_parts(target, turn, active), "heap": span.table(target)}
    return Reading.of(store.execute(READ, span.bounds, **parts).fetchall())


def count(store: Store, target: Target, turn: Turn, active: int, span: Span) -> Reading:
    """Count the rows of a span, without those that the turn may change."""
    parts = {**_parts(target, turn, active), "heap": span.table(target)}
    return Reading(*store.need(COUNT, span.bounds, **parts))


def _parts(target: Target, turn: Turn, active: int) -> dict[str, sql.Composable]:
    return {
        "cell": target.cell,
        "key": target.key_values,
        "where": target.where,
        "empty": is_empty(target),
        "settled": _settled(target, turn, active),
    }


def _settled(target: Target, turn: Turn, active: int) -> sql.Composable:
    if target.is_document:
        return sql.SQL("false")
    match turn:
        case Turn.SEAL:
            return begins(target.secret, PREFIX)
        case Turn.RESEAL:
            return begins(target.secret, version_prefix(active))
        case Turn.UNSEAL:
            return sql.SQL("NOT {}").format(begins(target.secret, PREFIX))
