"""A cell: what stands in one row's column, either one secret or a document that holds some.

A row counts as what its most needy secret is: plaintext before what is unrecognised, that before
what is foreign, that before what is sealed, and empty where there is no secret at all.
"""

from typing import NamedTuple

from reseal import document
from reseal.document import Leaf, NotADocument
from reseal.envelope import HEAD_CHARACTERS, version_of
from reseal.shape import Shape
from reseal.store.catalog import Target

_NEEDS = {
    shape: need
    for need, shape in enumerate(
        (Shape.EMPTY, Shape.SEALED, Shape.FOREIGN, Shape.UNRECOGNISED, Shape.PLAIN)
    )
}


class State(NamedTuple):
    """What a cell counts as; `version` is the oldest key version in it, None if unreadable."""

    shape: Shape
    version: int | None = None


def leaves(target: Target, text: str) -> list[Leaf]:
    """Return where the secrets of a cell stand; raise NotADocument where it is no document."""
    if target.field.path is None:
        return [Leaf(text, True, 0, len(text), 0)]
    return document.leaves(text, target.field.path)


def leaf_shape(target: Target, leaf: Leaf) -> Shape:
    """Tell what one leaf is; only a string can be a secret."""
    if leaf.text is None:
        return Shape.EMPTY
    if not leaf.is_string:
        return Shape.EMPTY if leaf.text in target.field.empty else Shape.UNRECOGNISED
    return target.field.shape(target.column.judged(leaf.text))


def state(target: Target, text: str) -> State:
    """Tell what a cell counts as."""
    judged = target.column.judged(text)
    if target.field.path is None:
        return _stated(target.field.shape(judged), judged)
    try:
        found = leaves(target, text)
    except NotADocument:
        return State(Shape.EMPTY if judged in target.field.empty else Shape.UNRECOGNISED)
    stated = (_stated(leaf_shape(target, leaf), leaf.text or "") for leaf in found)
    return min(stated, key=_need, default=State(Shape.EMPTY))


def need(shape: Shape) -> int:
    """Return how much a secret needs to be looked after; a row counts as its neediest."""
    return _NEEDS[shape]


def _need(one: State) -> tuple[int, int]:
    return -need(one.shape), one.version or 0


def _stated(shape: Shape, text: str) -> State:
    if shape is not Shape.SEALED:
        return State(shape)
    return State(shape, version_of(text[:HEAD_CHARACTERS]))
