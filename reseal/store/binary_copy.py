"""COPY in binary, spelled here: to adapt a value by itself costs more than to encrypt it.

After a signature comes of each row the number of its fields, and each field with its length before
it; an array is a field whose elements are spelled alike (PostgreSQL manual, COPY, Binary Format).
"""

from collections.abc import Iterable, Sequence

from psycopg import sql

from reseal.store.arrays import of_text, text_head
from reseal.store.store import Store

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END = b"\xff\xff"
_OF_ONE = text_head(1)
# Keys of one part are short, mostly.
_HEADS = [
    (len(_OF_ONE) + 4 + size).to_bytes(4, "big") + _OF_ONE + size.to_bytes(4, "big")
    for size in range(128)
]


def copy_in(store: Store, statement: sql.Composed, rows: Iterable[bytes]) -> None:
    """Send rows that are spelled already."""
    with store.connection.cursor().copy(statement) as copy:
        copy.write(b"".join([_SIGNATURE, *rows, _END]))


def row_head(fields: int) -> bytes:
    """Spell what stands before the fields of a row."""
    return fields.to_bytes(2, "big")


def field(value: bytes) -> bytes:
    """Spell one value."""
    return len(value).to_bytes(4, "big") + value


def text_arrays(arrays: Sequence[Sequence[str]]) -> list[bytes]:
    """Spell arrays of texts, none of them empty, each as a field."""
    if set(map(len, arrays)) != {1}:
        return [_text_array(array) for array in arrays]
    parts = [part.encode() for (part,) in arrays]
    if max(map(len, parts)) >= len(_HEADS):
        return [_text_array(array) for array in arrays]
    return [_HEADS[len(part)] + part for part in parts]


def _text_array(array: Sequence[str]) -> bytes:
    return field(of_text(array).spelled)
