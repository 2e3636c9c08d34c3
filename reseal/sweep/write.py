"""The guarded write: one statement a batch, each row only if it is still as it was read."""

from typing import NamedTuple

from psycopg import sql

from reseal.place import KeyPart
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.span import Span
from reseal.sweep.turn import Turn

# `xmin` names the row version that was read: any later write by anyone makes the guard fail,
# so a new enrolment is never overwritten. SKIP LOCKED leaves rows that the application holds
# to a later pass; FOR NO KEY UPDATE does not block inserts that refer to the row. A version
# that was read still stands on the page where it was read, so those pages are all that is
# looked through, whatever the planner thinks of the key.
WRITE = """
WITH mine AS (
    SELECT t.ctid AS tid, v.value FROM {source} JOIN {table} AS t ON {same_key}
    WHERE t.xmin = v.version::xid AND {on_pages}
    FOR NO KEY UPDATE OF t SKIP LOCKED
)
UPDATE {table} AS t SET {column} = mine.value FROM mine WHERE t.ctid = mine.tid
"""

# After the write: a row that still has the version we read was not ours to take, someone holds
# it; one that has another version was written by us or by someone else.
HELD = """
SELECT count(*) FROM {source} JOIN {table} AS t ON {same_key}
WHERE t.xmin = v.version::xid AND {on_pages}
"""

# Plaintext goes back through COPY, whose data no log setting of the server records, never as a
# parameter or a literal. Binary, because of a COPY in text that is cancelled the server logs the
# line that it was at.
SCRATCH = "CREATE TEMPORARY TABLE reseal_turned ({columns}) ON COMMIT DROP"

FILL = "COPY pg_temp.reseal_turned FROM STDIN (FORMAT BINARY)"


class Turned(NamedTuple):
    """A row that has been turned in memory: its version and key as read, and the new value."""

    version: str
    key: tuple[KeyPart, ...]
    value: str


def write(
    store: Store, target: Target, turn: Turn, span: Span, turned: list[Turned]
) -> tuple[int, int]:
    """Write the rows of a span that are free and still as read; return how many, and are held."""
    columns = _spelled(target, turned)
    if turn is Turn.UNSEAL:
        source: sql.Composable = _copied(store, target, columns)
        parameters: list[str] = []
    else:
        source, parameters = _joined(target, columns)
    parts = {
        "source": source,
        "table": target.table,
        "same_key": _same_key(target),
        "on_pages": _on_pages(span),
    }
    column = sql.Identifier(target.field.column)
    changed = store.execute(WRITE, parameters, column=column, **parts).rowcount
    if changed == len(turned):
        return changed, 0
    row = store.need(HELD, parameters, **parts)
    return changed, row[0]


def _on_pages(span: Span) -> sql.Composable:
    first, after = span.bounds
    return sql.SQL("t.ctid >= {}::tid AND t.ctid < {}::tid").format(
        sql.Literal(first), sql.Literal(after)
    )


def _spelled(target: Target, turned: list[Turned]) -> list[list[str]]:
    keys = [
        [column.spell(row.key[position]) for row in turned]
        for position, column in enumerate(target.key)
    ]
    return [*keys, [row.version for row in turned], [row.value for row in turned]]


def _names(target: Target) -> list[str]:
    return [f"k{position}" for position in range(len(target.key))] + ["version", "value"]


def _joined(target: Target, columns: list[list[str]]) -> tuple[sql.Composable, list[str]]:
    # One text an array skips the driver's adaptation of each element. No element holds a comma:
    # doubtful keys are spelled in hex and envelopes are base64.
    arrays = sql.SQL(", ").join([sql.SQL("string_to_array(%s, ',')")] * len(columns))
    names = sql.SQL(", ").join(map(sql.Identifier, _names(target)))
    source = sql.SQL("unnest({}) AS v ({})").format(arrays, names)
    return source, [",".join(column) for column in columns]


def _copied(store: Store, target: Target, columns: list[list[str]]) -> sql.Composable:
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
