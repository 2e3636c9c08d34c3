"""Write rows once more, as they stand, so that they lie where old bytes were.

VACUUM gives the room of dead rows back and leaves their bytes. What takes that room next covers
them, and there is nothing at hand but the table's own rows: those of its last pages move there, and
the emptied end of the file goes back to the file system. The value is copied by the server, so that
nothing that was validated can change, whoever writes the row meanwhile.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from psycopg import sql

from reseal.errors import RowRefused, Transient
from reseal.store.catalog import Target
from reseal.store.control import fence
from reseal.store.heap import Heap, block_size
from reseal.store.heap_statistics import row_width
from reseal.store.store import Store
from reseal.sweep.engine import Hands
from reseal.sweep.job import begin_batch
from reseal.sweep.pace import Pace
from reseal.sweep.span import Span, stretches
from reseal.sweep.write import WAIT_A_LITTLE

# Rows that the application holds are left where they are, as in any sweep.
REWRITE = """
WITH mine AS (
    SELECT t.ctid AS tid FROM {heap} AS t
    WHERE t.ctid >= %(first)s::tid AND t.ctid < %(after)s::tid AND ({where})
    FOR NO KEY UPDATE OF t SKIP LOCKED
)
UPDATE {heap} AS t SET {column} = {value} FROM mine WHERE t.ctid = mine.tid
"""

PAGES = "SELECT pg_relation_size(%s) / current_setting('block_size')::int"


# Of a page, and beside each of its rows.
_HEAD_BYTES, _POINTER_BYTES = 24, 4

_PAGES_AT_ONCE = 64

# Whatever its text does not tell (NULL, an array that does not count from 1) stays as it is.
ANEW = "CASE WHEN ({anew})::text = {stands}::text THEN {anew} ELSE {stands} END"

# A page has room for some three hundred of the shortest rows.
_MOST_VERSIONS = 300


class Rewriting(NamedTuple):
    """Who rewrites, and how: each write proves that the run still holds the field.

    With `anew` a value is made of its text once more, so that what is out of line is written too.
    With `fills` the rows of a page are written again and again, until their page has no room for
    another version and they have left it.
    """

    target: Target
    epoch: int
    pace: Pace
    hands: Hands = Hands()
    anew: bool = False
    fills: bool = False


class Rewritten(NamedTuple):
    """How many rows were written once more, and how many pages have one that was refused."""

    rows: int = 0
    refused: int = 0

    def and_more(self, more: "Rewritten") -> "Rewritten":
        """Return the sums of both."""
        return Rewritten(self.rows + more.rows, self.refused + more.refused)


def from_the_end(store: Store, heap: Heap) -> Iterator[Span]:
    """Yield the pages of a heap in spans, the last ones first."""
    after = int(store.need(PAGES, [heap.oid])[0])
    while after > 0:
        first = max(0, after - _PAGES_AT_ONCE)
        yield Span(first, after, (heap.schema, heap.table))
        after = first


def fitting(store: Store, heap: Heap) -> int:
    """Return how many rows a full page of a heap holds; raise StoreError where none is met."""
    room = block_size(store) - _HEAD_BYTES
    return max(1, int(room / (row_width(store, heap) + _POINTER_BYTES)))


def these_pages(heap: Heap, pages: Iterable[int]) -> list[Span]:
    """Return single pages of a heap as spans, neighbours together."""
    name = (heap.schema, heap.table)
    return [Span(first, after, name) for first, after in stretches(pages)]


def rewrite(
    store: Store, how: Rewriting, spans: Iterable[Span], most: int | None = None
) -> Rewritten:
    """Write the rows of spans once more, until someone says stop or there were so many.

    Raise Superseded where another run took the field over. What is locked, or refused by a
    constraint or trigger of the table, stays as it is.
    """
    all_done = Rewritten()
    for done in _batches(store, how, spans):
        all_done = all_done.and_more(done)
        if most is not None and all_done.rows >= most:
            break
    return all_done


def _batches(store: Store, how: Rewriting, spans: Iterable[Span]) -> Iterator[Rewritten]:
    pace = how.pace
    for span in spans:
        first = span.first
        while first < span.after and not how.hands.stop():
            how.hands.wait()
            share = how.hands.share()
            pages = max(1, round(pace.rows * share / how.target.rows_per_page))
            batch = span.cut(first, min(span.after, first + pages))
            began = how.hands.clock()
            yield from _written(store, how, batch)
            seconds = how.hands.clock() - began
            pace, first = pace.after(seconds / share), batch.after
            how.hands.rest(pace, seconds)


def _written(store: Store, how: Rewriting, span: Span) -> Iterator[Rewritten]:
    """Write a batch, in ever smaller parts where something is in the way."""
    try:
        yield Rewritten(_write(store, how, span))
    except (RowRefused, Transient):
        if store.connection.closed:
            raise
        if span.pages == 1:
            yield Rewritten(refused=1)
            return
        for half in span.split((span.pages + 1) // 2):
            yield from _written(store, how, half)


def _write(store: Store, how: Rewriting, span: Span) -> int:
    target = how.target
    value = _anew(target) if how.anew else target.stored
    column = sql.Identifier(target.field.column)
    parts = {"heap": span.table(target), "where": target.where, "column": column, "value": value}
    with store.transaction():
        begin_batch(store, target.field)
        store.execute(WAIT_A_LITTLE)
        fence(store, target.field.name, how.epoch)
        rows = store.execute(REWRITE, span.bounds, **parts).rowcount
        times = 1
        # Within one transaction no version before the last can be taken away to make room.
        while how.fills and times < _MOST_VERSIONS:
            times += 1
            if not store.execute(REWRITE, span.bounds, **parts).rowcount:
                break
        return rows


def _anew(target: Target) -> sql.Composable:
    """Return the expression of a value that is made of its text once more."""
    stands = target.stored
    anew = target.column.write(target.column.read(stands))
    return sql.SQL(ANEW).format(anew=anew, stands=stands)
