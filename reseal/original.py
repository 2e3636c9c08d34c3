"""The originals of a run: what its backup has of a row, secret by secret."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from reseal import cell
from reseal.backup.cipher import BackupCipher
from reseal.document import NotADocument
from reseal.place import KeyPart, key_texts
from reseal.secret import Secret
from reseal.shape import Shape
from reseal.store.catalog import Target


@dataclass(frozen=True, slots=True)
class Original:
    """The backup to compare with, and which row versions the run itself wrote."""

    run_id: UUID
    cipher: BackupCipher
    written: frozenset[int]


class Held(NamedTuple):
    """One value of a backed-up cell: what it is, its text, and how the cell spells it."""

    shape: Shape
    text: str
    spelling: str
    depth: int


def held(
    target: Target, backup: BackupCipher, key: tuple[KeyPart, ...], sealed: bytes
) -> list[Held]:
    """Return the values in a backed-up cell; raise WillNotOpen where it was changed."""
    text = backup.open(key_texts(key), sealed).reveal()
    if not target.is_document:
        return [Held(Shape.PLAIN, text, text, 0)]
    try:
        return list(_values(target, text))
    except NotADocument:
        return []


def _values(target: Target, text: str) -> Iterator[Held]:
    for leaf in cell.leaves(target, text):
        shape = cell.leaf_shape(target, leaf)
        if shape is not Shape.EMPTY and leaf.is_string and leaf.text is not None:
            yield Held(shape, leaf.text, text[leaf.start : leaf.end], leaf.depth)


def plain(target: Target, values: list[Held]) -> list[tuple[Secret, Held]]:
    """Return the secrets that stood in the clear."""
    return [
        (target.column.secret(value.text), value)
        for value in values
        if value.shape is not Shape.SEALED
    ]
