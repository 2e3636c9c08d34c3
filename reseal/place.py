"""Where a secret lives, and the bytes that bind its envelope to that place.

Bound data (the AAD of AES-GCM), every part preceded by its length in four bytes, big endian:

    +--------------+------------+-------------+-----------------+------------+-----+
    | "reseal/v1"  | field name | parts, each |      ...        | keyVersion | alg |
    |              |            | type, value |                 |  decimal   |     |
    +--------------+------------+-------------+-----------------+------------+-----+
                                 preceded by their number in four bytes

Lengths make `("a", "b:c")` and `("a:b", "c")` different; the type keeps the integer 1 and the
text "1" apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import cast
from uuid import UUID

from reseal.errors import EmptyKey

DOMAIN = b"reseal/v1"

KeyPart = int | str | UUID

# More than a bigint has with its sign.
_MOST_DIGITS = 32
_UUID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Place:
    """Name a secret by its field's logical name and its row key, part by part."""

    field: str
    key: tuple[KeyPart, ...]

    def __str__(self) -> str:
        return f"{self.field} {'/'.join(map(str, self.key))}".rstrip()


@dataclass(frozen=True, slots=True)
class Binding:
    """Make the bound data of one field under one key version; the row key comes last."""

    before: bytes
    after: bytes

    @classmethod
    def of(cls, field: str, key_version: int, alg: str) -> "Binding":
        """Prepare the parts that every row of the field shares."""
        return cls(
            before=_sized(DOMAIN) + _sized(field.encode()),
            after=_sized(str(key_version).encode()) + _sized(alg.encode()),
        )

    def data(self, key: tuple[KeyPart, ...]) -> bytes:
        """Return the bytes to authenticate beside the secret of the row `key`."""
        bound = self.before + len(key).to_bytes(4, "big")
        for part in key:
            bound += _sized(_typed(part))
        return bound + self.after

    def data_of_all(self, keys: Sequence[tuple[KeyPart, ...]]) -> list[bytes]:
        """Return the same for many rows, whose keys have as many parts as each other."""
        parts = list(chain.from_iterable(keys))
        kinds = set(map(type, parts))
        if set(map(len, keys)) != {1} or kinds not in ({int}, {UUID}):
            return [self.data(key) for key in keys]
        before, after = self.before + (1).to_bytes(4, "big"), self.after
        if kinds == {UUID}:
            before += (1 + _UUID_BYTES).to_bytes(4, "big") + b"u"
            return [before + part.bytes + after for part in cast("list[UUID]", parts)]
        # What stands before a number depends on how many digits it has.
        heads = [before + (1 + size).to_bytes(4, "big") + b"i" for size in range(_MOST_DIGITS)]
        numbers = " ".join(map(str, parts)).encode().split()
        return [heads[len(number)] + number + after for number in numbers]


def key_texts(key: tuple[KeyPart, ...]) -> list[str]:
    """Spell a row key as `backup`, `quarantine` and `totp_use` keep it."""
    return [str(part) for part in key]


def key_texts_of_all(keys: Sequence[tuple[KeyPart, ...]]) -> list[list[str]]:
    """Spell many row keys like that."""
    if set(map(len, keys)) != {1}:
        return list(map(key_texts, keys))
    return [[text] for text in map(str, chain.from_iterable(keys))]


def _sized(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part


def _typed(part: KeyPart | None) -> bytes:
    if isinstance(part, int):
        return b"i%d" % part
    if part is None:
        raise EmptyKey("a row key has a part that is NULL; an envelope cannot be bound to it")
    if isinstance(part, UUID):
        return b"u" + part.bytes
    return b"t" + part.encode()
