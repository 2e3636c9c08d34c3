"""A sample of what stands at a field's leaves, for the checks that judge texts.

The texts stay in this process: checks report names, sizes and counts of them.
"""

from collections.abc import Iterator

from psycopg import sql

from reseal import document
from reseal.cell import leaf_shape
from reseal.document import Leaf, NotADocument
from reseal.path import Name, Path
from reseal.preflight.subject import FieldSubject
from reseal.shape import Shape
from reseal.sweep.rows import is_empty

CELLS = "SELECT {cell} FROM {table} AS t WHERE ({where}) AND NOT {empty} LIMIT 1000"

_ROWS_AT_ONCE = 100


def leaf_texts(subject: FieldSubject, *shapes: Shape) -> list[str]:
    """Return the leaves of these shapes in the first thousand documents."""
    target = subject.target
    return [
        leaf.text
        for leaf in _leaves(subject, target.field.path)
        if leaf.text is not None and leaf_shape(target, leaf) in shapes
    ]


def siblings(subject: FieldSubject, names: tuple[str, ...]) -> list[str]:
    """Return which members of these names stand beside the leaf in the same documents."""
    path = subject.target.field.path
    if path is None or not isinstance(path.steps[-1], Name):
        return []
    beside = {name: Path((*path.steps[:-1], Name(name))) for name in names}
    return [name for name, way in beside.items() if any(True for _ in _leaves(subject, way))]


def _leaves(subject: FieldSubject, path: Path | None) -> Iterator[Leaf]:
    target, store = subject.target, subject.store
    parts: dict[str, sql.Composable] = {
        "cell": target.cell,
        "table": target.table,
        "where": target.where,
        "empty": is_empty(target),
    }
    if path is None:
        return
    with store.transaction():
        for (text,) in store.stream(CELLS, _ROWS_AT_ONCE, **parts):
            try:
                yield from document.leaves(text, path)
            except NotADocument:
                continue
