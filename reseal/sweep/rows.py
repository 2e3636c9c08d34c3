"""Read the rows of a batch: only those a turn may change leave the server, the rest as counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from psycopg import sql

from reseal.envelope import PREFIX, version_prefix
from reseal.field import Field
from reseal.foreign import MARK, OTPAUTH, SEPARATOR, UNMARKED
from reseal.place import KeyPart
from reseal.shape import USUAL, USUAL_LENGTHS, USUAL_LETTERS
from reseal.store.catalog import Target
from reseal.store.store import Store, literal
from reseal.sweep.span import Span
from reseal.sweep.turn import Turn

# For statements that together have to show one state of the table.
SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"

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


def is_empty(target: Target, value: sql.Composable | None = None) -> sql.Composable:
    """Return the condition that a value is no secret, by default the row `t`'s; never NULL.

    Of a document, only that there is none at all.
    """
    column = target.stored if value is None else value
    if target.is_document or not target.field.empty:
        return sql.SQL("({} IS NULL)").format(column)
    texts = sql.SQL(", ").join(literal(text) for text in sorted(target.field.empty))
    judged = target.column.judge(column)
    return sql.SQL("({} IS NULL OR {} IN ({}))").format(column, judged, texts)


def begins(value: sql.Composable, prefix: str) -> sql.Composable:
    """Return the condition that a value begins with this prefix, which is of base64's letters."""
    # starts_with() takes twice as long: it cuts the beginning out, letter by letter.
    return sql.SQL("({} LIKE {})").format(value, sql.Literal(f"{prefix}%"))


def is_foreign(value: sql.Composable) -> sql.Composable:
    """Return the condition that another library wrote a value."""
    # One pattern for all of UNMARKED makes an automaton that takes the server fifty times as long
    # as one pattern after the other, and most values have no separator.
    layouts = sql.SQL(" OR ").join(matches(value, kind.pattern) for kind in UNMARKED)
    return sql.SQL("({} OR ({} AND NOT {} AND ({})))").format(
        matches(value, MARK), matches(value, SEPARATOR), matches(value, OTPAUTH), layouts
    )


def is_usual(field: Field, value: sql.Composable) -> sql.Composable:
    """Return the condition that one quick look shows a value to be plaintext."""
    if field.format != "base32":
        return sql.SQL("false")
    least, most = USUAL_LENGTHS
    return sql.SQL("(length({}) BETWEEN {} AND {} AND {})").format(
        value, least, most, matches(value, USUAL_LETTERS)
    )


def is_plain(field: Field, value: sql.Composable) -> sql.Composable:
    """Return the condition that a value is what the field's format recognises."""
    whole = matches(value, field.pattern)
    if field.format not in USUAL:
        return whole
    characters, least, most, multiple = USUAL[field.format]
    return sql.SQL(
        "(length({0}) BETWEEN {1} AND {2} AND mod(length({0}), {3}) = 0 AND {4} OR {5})"
    ).format(value, least, most, multiple, matches(value, characters), whole)


def matches(value: sql.Composable, pattern: str) -> sql.Composable:
    """Return the condition that a value matches one of our own patterns."""
    return sql.SQL("{} ~ {}").format(value, sql.Literal(pattern))


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
