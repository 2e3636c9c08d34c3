"""The guarded write: one statement a batch, each row only if it is still as it was read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import LiteralString, NamedTuple

from psycopg import sql

from reseal.document import SPLICE
from reseal.errors import RowRefused
from reseal.place import KeyPart
from reseal.store.arrays import Array, of_text, of_xid
from reseal.store.catalog import Target
from reseal.store.column import Column
from reseal.store.connection import LOCK_TIMEOUT
from reseal.store.store import Store, literal
from reseal.sweep.span import Span
from reseal.sweep.turn import Turn

# `xmin` names the row version that was read: any later write by anyone makes the guard fail,
# so a new enrolment is never overwritten. SKIP LOCKED leaves rows that the application holds
# to a later pass; FOR NO KEY UPDATE does not block inserts that refer to the row. A version
# that was read still stands on the page where it was read, so those pages are all that is
# looked through, whatever the planner thinks of the key. What a trigger of the application's
# suppressed, or changed on the way, shows in the difference of the three counts.
WRITE = """
WITH mine AS (
    SELECT t.ctid AS tid, {new} AS value {more} FROM {source} JOIN {heap} AS t ON {same_key}
    WHERE t.xmin = v.version::xid AND {on_pages}
    FOR NO KEY UPDATE OF t SKIP LOCKED
), {kept} done AS (
    UPDATE {heap} AS t SET {column} = {written} FROM mine WHERE t.ctid = mine.tid
    RETURNING {stands} IS NOT DISTINCT FROM mine.value AS stands
)
SELECT (SELECT count(*) FROM mine), count(*), count(*) FILTER (WHERE stands) FROM done
"""

# The same without taking locks first, which costs a fifth of the write: for rows that nobody seems
# to hold. A transaction that has touched a row and may not have ended is not older than all that
# are under way. Who takes the row between this look and the write is waited for, which
# `lock_timeout` keeps short.
SWIFTLY = """
WITH done AS (
    UPDATE {heap} AS t SET {column} = {written} FROM {source}
    WHERE {same_key} AND t.xmin = v.version::xid AND {on_pages}
      AND age(t.xmax) > (SELECT age(pg_snapshot_xmin(pg_current_snapshot())::xid))
    RETURNING {stands} IS NOT DISTINCT FROM v.value AS stands
)
SELECT count(*), count(*), count(*) FILTER (WHERE stands) FROM done
"""

HARDLY_WAIT = "SET LOCAL lock_timeout = '20ms'"

WAIT_A_LITTLE = f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"

KEPT: LiteralString = """
kept AS (INSERT INTO {reseal}.aside (field, mark, envelope)
         SELECT {field}, mine.value, mine.envelope FROM mine),
"""

# After the write: a row that still has the version we read was not ours to take, someone holds
# it; one that has another version was written by us or by someone else.
HELD = """
SELECT count(*) FROM {source} JOIN {heap} AS t ON {same_key}
WHERE t.xmin = v.version::xid AND {on_pages}
"""

# Plaintext goes back through COPY, whose data no log setting of the server records, never as a
# parameter or a literal. Binary, because of a COPY in text that is cancelled the server logs the
# line that it was at.
SCRATCH = "CREATE TEMPORARY TABLE reseal_turned ({columns}) ON COMMIT DROP"

FILL = "COPY pg_temp.reseal_turned FROM STDIN (FORMAT BINARY)"


class Turned(NamedTuple):
    """A row that has been turned in memory: its version and key as read, and what to write.

    `value` is the new cell, or of a document the pieces that change it, or of an envelope kept
    aside the mark and the envelope with a colon between.
    """

    version: str
    key: tuple[KeyPart, ...]
    value: str


@dataclass(frozen=True, slots=True)
class TurnedRows:
    """Turned rows, column by column, as they are sent."""

    versions: Sequence[str] = ()
    keys: Sequence[tuple[KeyPart, ...]] = ()
    values: Sequence[str] = ()

    @classmethod
    def of(cls, rows: Sequence[Turned]) -> "TurnedRows":
        """Take rows that were turned one by one."""
        if not rows:
            return cls()
        versions, keys, values = zip(*rows, strict=True)
        return cls(versions, keys, values)

    def __len__(self) -> int:
        return len(self.versions)

    def __iter__(self) -> Iterator[Turned]:
        return map(Turned, self.versions, self.keys, self.values)

    def __add__(self, other: "TurnedRows") -> "TurnedRows":
        if not (self and other):
            return self or other
        return TurnedRows(
            [*self.versions, *other.versions],
            [*self.keys, *other.keys],
            [*self.values, *other.values],
        )


def write(
    store: Store,
    target: Target,
    turn: Turn,
    span: Span,
    turned: TurnedRows,
    *,
    swiftly: bool = False,
) -> tuple[int, int]:
    """Write the rows of a span that are free and still as read; return how many, and are held.

    `swiftly` waits a moment for who takes a row just then, and raises Transient where that is too
    long. Raise RowRefused where a trigger keeps a row from being written, or writes something
    else.
    """
    if turn is Turn.UNSEAL:
        source: sql.Composable = _copied(store, target, turned)
        parameters: list[Array] = []
    else:
        source, parameters = _joined(target, turned)
    parts = {
        "source": source,
        "heap": span.table(target),
        "same_key": _same_key(target),
        "on_pages": _on_pages(span),
    }
    keeps_aside = bool(target.aside) and turn is not Turn.UNSEAL
    values = _values(store, target, keeps_aside=keeps_aside)
    column = sql.Identifier(target.field.column)
    changed = 0
    if swiftly and not target.is_document and not keeps_aside:
        store.execute(HARDLY_WAIT)
        written = target.column.write(sql.SQL("v.value"))
        swift = values | {"column": column, "written": written}
        changed = _standing(store.need(SWIFTLY, parameters, **swift, **parts))
        store.execute(WAIT_A_LITTLE)
    if changed < len(turned):
        changed += _standing(store.need(WRITE, parameters, column=column, **values, **parts))
    if changed == len(turned):
        return changed, 0
    row = store.need(HELD, parameters, **parts)
    return changed, row[0]


def _standing(counts: tuple[int, int, int]) -> int:
    """Return how many rows were changed, if those that were taken stand as they were given."""
    taken, changed, standing = counts
    if taken > changed:
        raise RowRefused("a trigger of the table keeps the row from being written")
    if changed > standing:
        raise RowRefused("a trigger of the table writes something else than it is given")
    return changed


def join(
    target: Target, span: Span, turned: TurnedRows
) -> tuple[dict[str, sql.Composable], list[Array]]:
    """Return the parts of a statement that join a span's rows by key to their heap as `t`."""
    source, parameters = _joined(target, turned)
    parts = {"source": source, "heap": span.table(target), "same_key": _same_key(target)}
    return parts, parameters


def _values(store: Store, target: Target, *, keeps_aside: bool) -> dict[str, sql.Composable]:
    """Return the parts of WRITE that differ by what a cell is."""
    new: sql.Composable = sql.SQL("v.value")
    more: sql.Composable = sql.SQL("")
    kept: sql.Composable = sql.SQL("")
    stands = target.column.read(target.stored)
    if target.is_document:
        new = sql.SQL(SPLICE).format(cell=stands, pieces=sql.SQL("v.value"))
    if keeps_aside:
        new = sql.SQL("split_part(v.value, ':', 1)")
        more = sql.SQL(", split_part(v.value, ':', 2) AS envelope")
        kept = sql.SQL(KEPT).format(
            reseal=sql.Identifier(store.schema), field=literal(target.field.name)
        )
        # A mark that is shorter than a char(n) is padded.
        stands = target.column.judge(target.stored)
    written = target.column.write(sql.SQL("mine.value"))
    return {"new": new, "more": more, "kept": kept, "written": written, "stands": stands}


def _on_pages(span: Span) -> sql.Composable:
    first, after = span.bounds.values()
    return sql.SQL("t.ctid >= {}::tid AND t.ctid < {}::tid").format(
        sql.Literal(first), sql.Literal(after)
    )


def _key_columns(target: Target, turned: TurnedRows) -> Iterator[tuple[Column, Sequence[KeyPart]]]:
    return zip(target.key, zip(*turned.keys, strict=True), strict=True)


def _names(target: Target) -> list[str]:
    return [f"k{position}" for position in range(len(target.key))] + ["version", "value"]


def _joined(target: Target, turned: TurnedRows) -> tuple[sql.Composable, list[Array]]:
    keys = [column.array(parts) for column, parts in _key_columns(target, turned)]
    columns = [*keys, ("xid", of_xid(turned.versions)), ("text", of_text(turned.values))]
    arrays = sql.SQL(", ").join(sql.SQL(f"%s::{kind}[]") for kind, _ in columns)
    names = sql.SQL(", ").join(map(sql.Identifier, _names(target)))
    source = sql.SQL("unnest({}) AS v ({})").format(arrays, names)
    return source, [array for _, array in columns]


def _copied(store: Store, target: Target, turned: TurnedRows) -> sql.Composable:
    keys = [column.spell_all(parts) for column, parts in _key_columns(target, turned)]
    columns = [*keys, turned.versions, turned.values]
    fields = [sql.SQL("{} text").format(sql.Identifier(name)) for name in _names(target)]
    store.execute(SCRATCH, columns=sql.SQL(", ").join(fields))
    with store.connection.cursor().copy(FILL) as copy:
        copy.set_types(["text"] * len(columns))
        for row in zip(*columns, strict=True):
            copy.write_row(row)
    return sql.SQL("pg_temp.reseal_turned AS v")


def _same_key(target: Target) -> sql.Composable:
    return sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(
            sql.Identifier("t", column.name), column.unspelled(f"k{position}")
        )
        for position, column in enumerate(target.key)
    )
