"""A sample of what stands at a field's leaves, for the checks that judge texts.

The texts stay in this process: checks report names, sizes and counts of them.
"""

from collections.abc import Iterator

from psycopg import sql

from reseal import document
from reseal.cell import leaf_shape
from reseal.conditions import is_empty
from reseal.document import Leaf, NotADocument
from reseal.path import Name, Path
from reseal.preflight.subject import FieldSubject
from reseal.shape import Shape

CELLS = "SELECT {cell} FROM {table} AS t WHERE ({where}) AND NOT {empty} LIMIT 1000"

_ROWS_AT_ONCE = 100
_NOTHING = frozenset({"", "{}", "[]", "null", '""'})


def leaf_texts(subject: FieldSubject, *shapes: Shape) -> list[str]:
    """Return the leaves of these shapes in the first thousand documents."""
    target = subject.target
    return [
        leaf.text
        for leaf in _leaves(subject, target.field.path)
        if leaf.text is not None and leaf_shape(target, leaf) in shapes
    ]


def documents_without_leaf(subject: FieldSubject) -> int:
    """Return how many of the first thousand cells hold something and the path leads to nothing.

    0 where it leads somewhere in any of them, if only to a null.
    """
    target, store = subject.target, subject.store
    if target.field.path is None:
        return 0
    with store.transaction():
        texts = [text for (text,) in store.stream(CELLS, _ROWS_AT_ONCE, **_parts(subject))]
    filled = [text for text in texts if text.strip() not in _NOTHING]
    return 0 if any(_found(text, target.field.path) for text in filled) else len(filled)


def siblings(subject: FieldSubject, names: tuple[str, ...]) -> list[str]:
    """Return which members of these names stand beside the leaf in the same documents."""
    path = subject.target.field.path
    if path is None or not isinstance(path.steps[-1], Name):
        return []
    beside = {name: Path((*path.steps[:-1], Name(name))) for name in names}
    return [name for name, way in beside.items() if any(True for _ in _leaves(subject, way))]


def _leaves(subject: FieldSubject, path: Path | None) -> Iterator[Leaf]:
    if path is None:
        return
    store = subject.store
    with store.transaction():
        for (text,) in store.stream(CELLS, _ROWS_AT_ONCE, **_parts(subject)):
            yield from _found(text, path)


def _found(text: str, path: Path) -> list[Leaf]:
    try:
        return document.leaves(text, path)
    except NotADocument:
        return []


def _parts(subject: FieldSubject) -> dict[str, sql.Composable]:
    target = subject.target
    return {
        "cell": target.cell,
        "table": target.table,
        "where": target.where,
        "empty": is_empty(target),
    }
