"""Edits of bytes that know nothing of what they mean."""

from collections.abc import Callable
from random import Random

Edit = Callable[[Random, bytes, bytes], bytes]


def edited(random: Random, content: bytes, other: bytes) -> tuple[str, bytes]:
    """Return the name of an edit and what it makes of the content; `other` is of the same kind."""
    name = random.choice(_NAMES)
    return name, EDITS[name](random, content, other)


def cut(random: Random, size: int) -> tuple[int, int]:
    """Return where a piece of something begins and ends; mostly a short one."""
    start = random.randrange(size + 1)
    return start, min(size, start + random.choice((1, 1, 2, 3, 4, 8, 16, 64)))


def _flip(random: Random, content: bytes, _other: bytes) -> bytes:
    if not content:
        return b"\0"
    at = random.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << random.randrange(8)]) + content[at + 1 :]


def _replace(random: Random, content: bytes, _other: bytes) -> bytes:
    start, end = cut(random, len(content))
    return content[:start] + random.randbytes(end - start) + content[end:]


def _truncate(random: Random, content: bytes, _other: bytes) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _behead(random: Random, content: bytes, _other: bytes) -> bytes:
    return content[random.randrange(len(content) + 1) :]


def _insert(random: Random, content: bytes, _other: bytes) -> bytes:
    start, end = cut(random, len(content))
    return content[:start] + random.randbytes(end - start or 1) + content[start:]


def _remove(random: Random, content: bytes, _other: bytes) -> bytes:
    start, end = cut(random, len(content))
    return content[:start] + content[end:]


def _repeat(random: Random, content: bytes, _other: bytes) -> bytes:
    start, end = cut(random, len(content))
    return content[:end] + content[start:end] * random.choice((1, 2, 9)) + content[end:]


def _swap(random: Random, content: bytes, _other: bytes) -> bytes:
    first, second = sorted(random.randrange(len(content) + 1) for _ in range(2))
    return content[second:] + content[first:second] + content[:first]


def _splice(random: Random, content: bytes, other: bytes) -> bytes:
    at = random.randrange(len(content) + 1)
    return content[:at] + other[random.choice((at, random.randrange(len(other) + 1))) :]


def _lengthen(random: Random, content: bytes, _other: bytes) -> bytes:
    # Now and then a megabyte.
    return content * random.choices((2, 10, 100, 3000), (40, 40, 10, 1))[0]


def _fresh(random: Random, content: bytes, _other: bytes) -> bytes:
    return random.randbytes(random.choice((0, 1, 12, len(content))))


EDITS: dict[str, Edit] = {
    "a bit flipped": _flip,
    "bytes replaced": _replace,
    "cut off": _truncate,
    "beheaded": _behead,
    "bytes inserted": _insert,
    "bytes removed": _remove,
    "bytes repeated": _repeat,
    "parts swapped": _swap,
    "spliced with another": _splice,
    "lengthened": _lengthen,
    "random bytes": _fresh,
}
_NAMES = tuple(EDITS)
