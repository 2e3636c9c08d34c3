"""Where quarantined rows stand now, found by their keys, and what stands in them."""

from typing import NamedTuple
from uuid import UUID

from reseal.backup.joins import beside
from reseal.cell import state
from reseal.census import Census, census_of
from reseal.place import KeyPart
from reseal.quarantine.trouble import Trouble
from reseal.shape import Shape
from reseal.store import quarantine
from reseal.store.catalog import Target
from reseal.store.quarantine import Key
from reseal.store.store import Store, literal
from reseal.sweep.span import Span

# Its columns are renamed so that a `where` of the operator's cannot mean them.
STANDING = """
SELECT q.reseal_row, t.tableoid, (t.ctid::text::point)[0]::bigint, t.xmin::text, {cell}, {original},
       {key}
FROM (SELECT row_key AS reseal_row FROM {reseal}.quarantine WHERE field = {field}) AS q
JOIN {table} AS t ON q.reseal_row = {texts} {backup} WHERE ({where})
"""


class Standing(NamedTuple):
    """A quarantined row as it stands: its heap, page and version, and the text of its cell.

    `sealed` is its original in a run's backup, where there is one.
    """

    row_key: Key
    heap: int
    page: int
    version: str
    text: str | None
    sealed: bytes | None
    key: tuple[KeyPart, ...]

    def span(self, target: Target) -> Span:
        """Return the page that the row is on."""
        if self.heap == target.oid and len(target.heaps) == 1:
            return Span(self.page, self.page + 1)
        heap = next(heap for heap in target.heaps if heap.oid == self.heap)
        return Span(self.page, self.page + 1, (heap.schema, heap.table))


def standing(store: Store, target: Target, run_id: UUID | None = None) -> list[Standing]:
    """Return the field's quarantined rows that are still there, beside a run's backup of them."""
    rows = store.execute(
        STANDING, (), cell=target.cell, key=target.key_values, table=target.table,
        texts=target.key_texts, where=target.where, field=literal(target.field.name),
        **beside(store, target, run_id),
    )  # fmt: skip
    return [
        Standing(tuple(row_key), heap, page, version, text, sealed, tuple(key))
        for row_key, heap, page, version, text, sealed, *key in rows
    ]


def accepted_census(store: Store, target: Target, run_id: UUID | None) -> Census:
    """Count what the rows hold that were accepted as they are, of those a run met or of all.

    A row that is in another trouble by now than it was accepted with does not count.
    """
    accepted = quarantine.accepted(store, target.field.name, run_id)
    if not accepted:
        return Census()
    texts = [
        row.text
        for row in standing(store, target)
        if _is_in(target, row.text, accepted.get(row.row_key))
    ]
    return census_of(target, texts)


def _is_in(target: Target, text: str | None, trouble: Trouble | None) -> bool:
    shape = Shape.EMPTY if text is None else state(target, text).shape
    return trouble is not None and shape in trouble.shapes
