"""Read from whatever has `read` and `seek` as from any file: by lines, and no more than asked for.

What fsspec opens has a `readline` of its own, which takes no limit.
"""

from io import BufferedReader, RawIOBase
from typing import BinaryIO

_AT_ONCE = 2**20


class _Raw(RawIOBase):
    """A file without a buffer of its own; the one behind it stays open when this is closed."""

    def __init__(self, behind: BinaryIO) -> None:
        self._behind = behind

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._behind.seek(offset, whence)
        return self._behind.tell()

    def tell(self) -> int:
        return self._behind.tell()

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        part = self._behind.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)


def buffered(file: BinaryIO) -> BufferedReader:
    """Return a reader of a file, from where it stands; closing it leaves the file open."""
    return BufferedReader(_Raw(file), _AT_ONCE)
