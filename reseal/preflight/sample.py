"""A sample of a field's documents: where in them secrets stand, as numbers and without text."""

from collections.abc import Iterator
from typing import NamedTuple

from psycopg import sql

from reseal import cell
from reseal.conditions import is_empty
from reseal.document import Leaf, NotADocument
from reseal.envelope import Envelope
from reseal.errors import EnvelopeError
from reseal.shape import Shape
from reseal.store.catalog import Target
from reseal.store.store import Store

CELLS = """
SELECT t.tableoid::bigint, t.ctid::text, {cell} FROM {table} AS t
WHERE ({where}) AND NOT {empty} ORDER BY random() LIMIT {most}
"""

MOST_ROWS = 1000
_ROWS_AT_ONCE = 50


class Spot(NamedTuple):
    """Where in a cell a secret stands, inside how many pairs of quotes, and its own bytes."""

    start: int
    end: int
    depth: int
    bytes: int
    is_sealed: bool


class Sampled(NamedTuple):
    """A row: its heap, its place there, the characters and bytes of its cell, its secrets."""

    heap: int
    tid: str
    characters: int
    bytes: int
    spots: tuple[Spot, ...]


def sample(store: Store, target: Target, table: sql.Composable) -> Iterator[Sampled]:
    """Yield rows of a table of the field's, at random; call it in a transaction."""
    parts = {"cell": target.cell, "where": target.where, "empty": is_empty(target)}
    most = sql.Literal(MOST_ROWS)
    for heap, tid, text in store.stream(CELLS, _ROWS_AT_ONCE, table=table, most=most, **parts):
        yield Sampled(heap, tid, len(text), len(text.encode()), _spots(target, text))


def _spots(target: Target, text: str) -> tuple[Spot, ...]:
    try:
        leaves = cell.leaves(target, text)
    except NotADocument:
        return ()
    return tuple(spot for leaf in leaves if (spot := _spot(target, leaf)))


def _spot(target: Target, leaf: Leaf) -> Spot | None:
    shape, text = cell.leaf_shape(target, leaf), leaf.text or ""
    if shape is Shape.PLAIN:
        return Spot(leaf.start, leaf.end, leaf.depth, len(text.encode()), is_sealed=False)
    if shape is not Shape.SEALED:
        return None
    try:
        size = len(Envelope.parse(text).ciphertext)
    except EnvelopeError:
        return None
    return Spot(leaf.start, leaf.end, leaf.depth, size, is_sealed=True)
