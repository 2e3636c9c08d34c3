"""Arrays as parameters, spelled here: to adapt each element costs more than to encrypt it.

An array is its dimensions and its type, and then each element with its length before it, all
numbers in big endian (`array_recv` in PostgreSQL's source). In binary, because a text would be cut
up by the planner, letter by letter, before every batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from struct import calcsize, pack
from uuid import UUID

from psycopg.adapt import Dumper
from psycopg.pq import Format

_INT8, _TEXT, _XID, _UUID = 20, 25, 28, 2950
_NUMBER_BYTES = 4
_UUID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Array:
    """An array as the server takes it; its type is told by a cast in the statement."""

    spelled: bytes


class ArrayDumper(Dumper):
    """Send an array as it is."""

    format = Format.BINARY

    def dump(self, obj: Array) -> bytes:
        """Return the bytes to send."""
        return obj.spelled


def text_head(length: int) -> bytes:
    """Spell what stands before the elements of a text[] of so many."""
    return _array_head(_TEXT, length)


def of_int8(values: Sequence[int]) -> Array:
    """Spell an int8[]."""
    return _of_numbers(_INT8, values, "q")


def of_xid(values: Sequence[str]) -> Array:
    """Spell an xid[] of the numbers that `xmin` is read as."""
    return _of_numbers(_XID, list(map(int, values)), "I")


def of_uuid(values: Sequence[UUID]) -> Array:
    """Spell a uuid[]."""
    return _array(
        _UUID, len(values), _of_one_length([value.bytes for value in values], _UUID_BYTES)
    )


def of_text(values: Sequence[str]) -> Array:
    """Spell a text[] without NULLs."""
    elements = [value.encode() for value in values]
    lengths = list(map(len, elements))
    if len(set(lengths)) == 1:
        return _array(_TEXT, len(values), _of_one_length(elements, lengths[0]))
    heads = map(_head, lengths)
    return _array(
        _TEXT, len(values), b"".join(chain.from_iterable(zip(heads, elements, strict=True)))
    )


def _of_numbers(oid: int, values: Sequence[int], kind: str) -> Array:
    lengths = [calcsize(f"!{kind}")] * len(values)
    numbers = chain.from_iterable(zip(lengths, values, strict=True))
    return _array(oid, len(values), pack("!" + f"i{kind}" * len(values), *numbers))


def _of_one_length(elements: list[bytes], length: int) -> bytes:
    head = _head(length)
    return head + head.join(elements)


def _array(oid: int, length: int, elements: bytes) -> Array:
    return Array(_array_head(oid, length) + elements)


def _array_head(oid: int, length: int) -> bytes:
    # One dimension, no NULLs, counted from 1.
    return b"".join(map(_head, (1, 0, oid, length, 1)))


def _head(number: int) -> bytes:
    return number.to_bytes(_NUMBER_BYTES, "big")
