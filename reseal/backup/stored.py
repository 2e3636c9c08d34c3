"""Look at every row of a backup as it is stored: does it open, and is it what its digest says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from reseal.backup import table
from reseal.backup.cipher import BackupCipher
from reseal.backup.coverage import digests
from reseal.backup.scratch import Digests, digest
from reseal.errors import WillNotOpen
from reseal.quarantine.choice import show_key
from reseal.store.store import Store

_MOST_NAMED = 5


@dataclass(slots=True)
class Wrong:
    """Rows that something is wrong with: how many, and the keys of the first."""

    what: str
    rows: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, row_key: list[str]) -> None:
        """Count a row."""
        self.rows += 1
        if len(self.first) < _MOST_NAMED:
            self.first.append(show_key(row_key))

    def sentence(self, name: str, of: int) -> str:
        """Say of how many rows it is so, and of which."""
        more = self.rows - len(self.first)
        named = ", ".join(self.first) + (f" and {more} more" if more else "")
        return f"{self.rows} of {of} rows in the backup of {name} {self.what}: {named}"


@dataclass(slots=True)
class Seen:
    """What was seen of a backup: its rows, how many of them came late, and what is wrong."""

    rows: int = 0
    late: int = 0
    unopened: Wrong = field(default_factory=lambda: Wrong("do not open"))
    differing: Wrong = field(default_factory=lambda: Wrong("are not what their digest says"))

    def add(self, row: table.Stored, found: bytes | None) -> None:
        """Count a row by the digest of what it opens to, None where it does not."""
        self.rows += 1
        self.late += row.late
        if found is None:
            self.unopened.add(row.row_key)
        elif found != row.digest:
            self.differing.add(row.row_key)

    @property
    def wrong(self) -> int:
        """How many rows something is wrong with."""
        return self.unopened.rows + self.differing.rows

    def faults(self, name: str) -> list[str]:
        """Say what is wrong with which rows."""
        return [
            one.sentence(name, self.rows) for one in (self.unopened, self.differing) if one.rows
        ]


def look(store: Store, cipher: BackupCipher, salt: bytes) -> Seen:
    """Open every stored row of a backup, whatever is wrong with others."""
    seen = Seen()
    for page in table.pages(store, cipher.run_id, cipher.name):
        for row, found in zip(page, _opened(cipher, salt, page), strict=True):
            seen.add(row, found)
    return seen


def otherwise(store: Store, cipher: BackupCipher, salt: bytes) -> Iterator[Digests]:
    """Yield the digest of what a row opens to, where another is beside it.

    Who sealed the original had the backup's key, and nobody needs one to change a digest.
    """
    for page in table.pages(store, cipher.run_id, cipher.name):
        yield [
            (row.row_key, found)
            for row, found in zip(page, _opened(cipher, salt, page), strict=True)
            if found is not None and found != row.digest
        ]


def _opened(cipher: BackupCipher, salt: bytes, page: list[table.Stored]) -> Sequence[bytes | None]:
    try:
        return digests(
            salt, cipher.open_all([row.row_key for row in page], [row.sealed for row in page])
        )
    except WillNotOpen:
        return [_one(cipher, salt, row) for row in page]


def _one(cipher: BackupCipher, salt: bytes, row: table.Stored) -> bytes | None:
    try:
        return digest(salt, cipher.open(row.row_key, row.sealed))
    except WillNotOpen:
        return None
