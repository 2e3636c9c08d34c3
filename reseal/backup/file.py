"""Read a backup file: a header, a record a row, a trailer that tells whether all of it is there.

    {"format":"reseal-backup","version":1,"run":...,"wrapped":...}
    {"key":["1"],"sealed":"..."}
    {"rows":1,"hmac":"..."}

The trailer's HMAC is over every byte before it, under a key that is derived from the backup's own,
so that whoever holds the backup KEK finds anything that was removed, reordered, cut off or edited.
It is checked before the first record is given out, so that what is given out is complete.
"""

import hashlib
import hmac
import json
import re
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from os import PathLike, fspath
from typing import BinaryIO, NamedTuple

from reseal.backup.cipher import BackupCipher, BackupKeys
from reseal.backup.header import MOST_HEADER, Header
from reseal.backup.location import Location
from reseal.errors import BackupFileError
from reseal.kek import Kek, open_kek
from reseal.reading import buffered
from reseal.secret import Secret
from reseal.settings import Settings

# A path, a URL, or a file that is open in binary mode and can be read from where it stands again.
Source = str | PathLike[str] | BinaryIO

_TRAILER = re.compile(rb'\{"rows":(0|[1-9][0-9]{0,18}),"hmac":"([0-9a-f]{64})"\}\n')
_MOST_TRAILER = 128
# What follows the HMAC's own digits, which are not under it: they and `"}`, line end.
_AFTER_HMAC = 64 + 3
_AT_ONCE = 2**20
# PostgreSQL holds no value of more than a gigabyte; sealed and in base64 it stays below this.
_MOST_LINE = 2**31 - 1


class Record(NamedTuple):
    """One row of a backup file: its key, and its original as it is sealed."""

    row_key: list[str]
    sealed: bytes


@dataclass(frozen=True, slots=True)
class BackupFile:
    """A backup file that is whole and unchanged; iterate over it for the originals.

    `size` is in bytes, `sha256` of all of it, so that a copy of it can be told without a key.
    """

    header: Header
    rows: int
    size: int
    sha256: str
    _source: Source = field(repr=False)
    _keys: BackupKeys = field(repr=False)
    _trailer: bytes = field(repr=False)

    @property
    def cipher(self) -> BackupCipher:
        """What opens its records."""
        return self._keys.cipher

    def __iter__(self) -> Iterator[tuple[tuple[str, ...], Secret]]:
        """Yield each row key, as texts, with its original; raise WillNotOpen."""
        for row_key, sealed in self.records():
            yield tuple(row_key), self.cipher.open(row_key, sealed)

    def records(self) -> Iterator[Record]:
        """Yield each record; raise BackupFileError where the file was changed meanwhile."""
        with _opened(self._source) as file:
            mac = hmac.new(self._keys.signing, digestmod="sha256")
            mac.update(_first_line(file))
            for number in range(self.rows):
                line = file.readline(_MOST_LINE)
                mac.update(line)
                yield _record(line, number + 2)
            trailer = file.readline(_MOST_TRAILER)
            _check(mac, trailer)
            if trailer != self._trailer or file.read(1):
                raise _changed()


def open_backup(source: Source, kek: Kek | str = "env:RESEAL_BACKUP_KEK") -> BackupFile:
    """Open a backup file that `reseal encrypt --backup-to` wrote, and check that it is whole.

    It is read twice, here and when it is iterated over; a stream that cannot go back must be
    written to a file first. Raise BackupFileError, KekError where the key-encryption key is not
    the one, and while iterating WillNotOpen.
    """
    if isinstance(kek, str):
        kek = open_kek(kek, Settings.from_environment().variables, known={})
    with _opened(source) as file:
        first = _first_line(file)
        header = Header.parse(first)
        keys = BackupKeys.unwrap(header.run_id, header.field, kek, header.wrapped)
        trailer, size, sha256 = _verified(file, first, keys.signing)
    return BackupFile(header, json.loads(trailer)["rows"], size, sha256, source, keys, trailer)


def _verified(file: BinaryIO, first: bytes, key: bytes) -> tuple[bytes, int, str]:
    """Read to the end; return the trailer of a file that it vouches for, its bytes and digest."""
    mac, whole, size = hmac.new(key, digestmod="sha256"), hashlib.sha256(first), len(first)
    mac.update(first)
    kept = b""
    while part := file.read(_AT_ONCE):
        whole.update(part)
        size += len(part)
        kept += part
        # The trailer is in the last bytes, wherever those turn out to be.
        mac.update(kept[:-_MOST_TRAILER])
        kept = kept[-_MOST_TRAILER:]
    start = kept.rfind(b"\n", 0, -1) + 1
    mac.update(kept[:start])
    _check(mac, kept[start:])
    return kept[start:], size, whole.hexdigest()


def _check(mac: hmac.HMAC, trailer: bytes) -> None:
    """Raise BackupFileError where it is not the trailer of what came before."""
    found = _TRAILER.fullmatch(trailer)
    if found is None:
        raise BackupFileError("the backup file ends without its trailer: a part of it is missing")
    mac.update(trailer[:-_AFTER_HMAC])
    if not hmac.compare_digest(mac.hexdigest().encode(), found[2]):
        raise _changed()


def _record(line: bytes, number: int) -> Record:
    try:
        document = json.loads(line)
        row_key, sealed = document["key"], b64decode(document["sealed"], validate=True)
        if isinstance(row_key, list) and all(isinstance(part, str) for part in row_key):
            return Record(row_key, sealed)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise BackupFileError(f"line {number} of the backup file is not a record")


def _first_line(file: BinaryIO) -> bytes:
    return file.readline(MOST_HEADER)


def _changed() -> BackupFileError:
    return BackupFileError("the backup file is not as it was written: its HMAC does not match")


@contextmanager
def _opened(source: Source) -> Iterator[BinaryIO]:
    """Open a source from its beginning; a file that was open stays so, and is where it was."""
    if isinstance(source, str | PathLike):
        with Location.parse(fspath(source)).reading() as file:
            yield file
        return
    start = _start(source)
    try:
        with buffered(source) as file:
            yield file
        return
    except (OSError, EOFError, ValueError) as error:
        why = type(error).__name__
    finally:
        source.seek(start)
    raise BackupFileError(f"the backup file cannot be read: {why}") from None


def _start(file: BinaryIO) -> int:
    with suppress(AttributeError, OSError, ValueError):
        if isinstance(file.read(0), bytes) and file.seekable():
            return file.tell()
    raise BackupFileError(
        "a backup file is read twice: open it in binary mode, and write a stream to a file first"
    )
