"""Copies of a backup in files: the same sealed originals, written elsewhere and read back.

What came late goes to a file of its own after the sweep, as a file that is proven stays as it is.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import quote
from uuid import UUID

from reseal import __version__
from reseal.backup import table
from reseal.backup.cipher import BackupCipher, BackupKeys
from reseal.backup.file import BackupFile, Record, open_backup
from reseal.backup.header import Header
from reseal.backup.location import Location
from reseal.backup.prove import Source, prove_copy
from reseal.backup.scratch import ROWS_AT_ONCE
from reseal.backup.writer import write
from reseal.errors import BackupFileError, ConfigurationError, ResealError
from reseal.kek import Kek
from reseal.store.catalog import Target
from reseal.store.store import Store

SUFFIX = ".reseal-backup"
# Holds what it was given against the table, and raises BackupNotProven.
Prover = Callable[[Store, Target, BackupCipher, Source], object]

# With what is put before and after it, a name stays below the 255 bytes of most file systems.
_MOST_NAME = 180


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy that was read back: where it is, its rows, its bytes, and the SHA-256 of them."""

    where: str
    rows: int
    size: int
    sha256: str

    def as_dict(self) -> dict[str, Any]:
        """Return the copy as evidence and the audit log keep it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Copying:
    """A run's backup of one field, and who can open it."""

    store: Store
    target: Target
    run_id: UUID
    kek: Kek

    def copy(self, directory: Location, prover: Prover = prove_copy) -> Copied:
        """Write the whole backup to a file and prove it as the backup itself was proven."""
        name = self.target.field.name
        place = directory.inside(str(self.run_id), file_name(name))
        copy, keys = self._write(place, late=False)
        prover(self.store, self.target, keys.cipher, in_parts(copy))
        return _copied(place, copy)

    def copy_late(self) -> Copied | None:
        """Write what came late beside the copy there is; None where nothing did."""
        copies = table.need(self.store, self.run_id, self.target.field.name).copies
        if not any(self._pages(late=True)):
            return None
        name = file_name(self.target.field.name, late=len(copies))
        place = Location(copies[0]).beside(name)
        copy, _ = self._write(place, late=True)
        _open_all(copy)
        return _copied(place, copy)

    def _write(self, place: Location, *, late: bool) -> tuple[BackupFile, BackupKeys]:
        name = self.target.field.name
        found = table.need(self.store, self.run_id, name)
        header = _header(self.target, self.run_id, found, late=late)
        keys = BackupKeys.unwrap(self.run_id, name, self.kek, header.wrapped)
        rows = self._create(place, header, keys)
        copy = open_backup(place.text, self.kek)
        if copy.header != header or copy.rows != rows:
            raise BackupFileError(f"{place.text} is not what was just written there")
        return copy, keys

    def _create(self, place: Location, header: Header, keys: BackupKeys) -> int:
        pages = self._pages(late=header.late)
        rows = (Record(row.row_key, row.sealed) for page in pages for row in page)
        place.need_free()
        # Recorded first: whatever is left of it after a fault can be found and removed.
        table.add_copy(self.store, self.run_id, header.field, place.text)
        try:
            with place.creating() as file:
                return write(file, header, keys.signing, rows)
        except ResealError:
            # The fault that came first is the one to tell.
            with suppress(ResealError):
                place.remove()
                table.drop_copy(self.store, self.run_id, header.field, place.text)
            raise

    def _pages(self, *, late: bool) -> Iterator[list[table.Stored]]:
        return table.pages(self.store, self.run_id, self.target.field.name, late_only=late)


def _header(target: Target, run_id: UUID, found: table.BackupSet, *, late: bool) -> Header:
    if found.wrapped is None:
        raise ConfigurationError(f"the backup of run {run_id} was shredded")
    return Header(
        run_id=run_id,
        field=target.field.name,
        table=target.field.qualified_table,
        column=target.field.column,
        type=target.column.type,
        key=tuple(column.name for column in target.key),
        late=late,
        kek=found.kek,
        wrapped=found.wrapped,
        created=datetime.now(UTC),
        library=__version__,
    )


def _copied(place: Location, copy: BackupFile) -> Copied:
    return Copied(place.text, copy.rows, copy.size, copy.sha256)


def _open_all(copy: BackupFile) -> None:
    for _ in copy:
        pass


def in_parts(copy: BackupFile) -> Iterator[list[Record]]:
    """Yield the records of a file in parts, as a proof takes them."""
    records = copy.records()
    while part := list(islice(records, ROWS_AT_ONCE)):
        yield part


def file_name(field: str, late: int = 0) -> str:
    """Return the name of a field's file; `late` is 0, or which of those with late originals."""
    # Encoded, a field `a.late` and what came late of `a` have different names, too.
    name = quote(field, safe="").replace(".late", "%2Elate")
    if len(name) > _MOST_NAME:
        name = f"{name[:100]}~{hashlib.sha256(field.encode()).hexdigest()[:32]}"
    which = {0: "", 1: ".late"}.get(late, f".late-{late}")
    return f"{name}{which}{SUFFIX}"
