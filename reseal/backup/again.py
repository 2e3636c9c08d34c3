"""Prove a backup once more, when the rows that it is of are long sealed.

Every stored row is opened and held against the salted digest that was stored beside it, and every
copy is read, opened record by record, and held against the stored rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from reseal.backup import table
from reseal.backup.cipher import BackupCipher
from reseal.backup.copies import in_parts
from reseal.backup.file import BackupFile, open_backup
from reseal.backup.scratch import RESTORED, Digests, digest, fill
from reseal.errors import (
    BackupFileError,
    BackupNotProven,
    ConfigurationError,
    KekError,
    KekUnreachable,
    WillNotOpen,
)
from reseal.kek import Kek
from reseal.store.store import Store

# Of a row that came late again, the first file has the original before.
COMPARE = """
SELECT count(*) FILTER (WHERE s.row_key IS NULL AND b.late = %(late)s),
       count(*) FILTER (WHERE s.digest <> b.digest AND b.late = %(late)s),
       count(*) FILTER (WHERE b.row_key IS NULL)
FROM (SELECT row_key, digest, late FROM {reseal}.backup
      WHERE run_id = %(run)s AND field = %(field)s) AS b
FULL JOIN pg_temp.reseal_restored AS s ON s.row_key = b.row_key
"""

_NOT_PROVEN = (BackupFileError, BackupNotProven, WillNotOpen)


@dataclass(frozen=True, slots=True)
class Again:
    """What came of proving a backup or a copy; `why_not` None where it is proven."""

    what: str
    rows: int = 0
    late_rows: int = 0
    why_not: str | None = None
    copies: tuple["Again", ...] = ()

    @property
    def faults(self) -> list[str]:
        """Why it is not proven, its copies included."""
        return [why for one in (self, *self.copies) if (why := one.why_not)]

    def as_dict(self) -> dict[str, Any]:
        """Return what the command prints."""
        return {
            "what": self.what,
            "proven": self.why_not is None,
            "rows": self.rows,
            "late_rows": self.late_rows,
            "why_not": self.why_not,
            "copies": [copy.as_dict() for copy in self.copies],
        }


def prove_run(store: Store, run_id: UUID, kek: Kek) -> list[Again]:
    """Prove what a run backed up, field by field; raise ConfigurationError where it did not."""
    names = table.fields(store, run_id)
    if not names:
        raise ConfigurationError(f"run {run_id} has no backup; see `reseal backup list`")
    return [_prove(store, run_id, name, kek) for name in names]


def prove_file(place: str, kek: Kek) -> Again:
    """Prove a backup file by itself; raise KekError where the KEK is not the one."""
    try:
        file = open_backup(place, kek)
        rows = sum(1 for _ in file)
    except _NOT_PROVEN as error:
        return Again(place, why_not=str(error))
    return Again(place, rows, rows if file.header.late else 0)


def _prove(store: Store, run_id: UUID, name: str, kek: Kek) -> Again:
    found = table.need(store, run_id, name)
    if found.wrapped is None:
        return Again(name, why_not=f"the backup of {name} was shredded; see `reseal backup list`")
    cipher = BackupCipher.unwrap(run_id, name, kek, found.wrapped)
    try:
        rows, late = _prove_rows(store, cipher, found)
    except _NOT_PROVEN as error:
        return Again(name, why_not=str(error))
    copies = tuple(_prove_copy(store, cipher, kek, place) for place in found.copies)
    done = Again(name, rows, late, copies=copies)
    if not done.faults:
        table.record_another_proof(store, run_id, name)
    return done


def _prove_rows(store: Store, cipher: BackupCipher, found: table.BackupSet) -> tuple[int, int]:
    rows = late = 0
    for page in table.pages(store, cipher.run_id, cipher.name):
        for row in page:
            if digest(found.salt, cipher.open(row.row_key, row.sealed)) != row.digest:
                where = f"{cipher.name} {'/'.join(row.row_key)}"
                raise BackupNotProven(f"the backup of {where} is not what its digest says")
            late += row.late
        rows += len(page)
    _need_count(cipher.name, found.rows, rows, late)
    return rows, late


def _need_count(name: str, proven: int | None, rows: int, late: int) -> None:
    """See to it that no row is missing, as far as can be told: what came late may be new rows."""
    if proven is None:
        raise BackupNotProven(f"the backup of {name} was never proven: its run did not get so far")
    if not rows - late <= proven <= rows:
        raise BackupNotProven(
            f"the backup of {name} has {rows} rows, {late} of them late, where {proven} were proven"
        )


def _prove_copy(store: Store, cipher: BackupCipher, kek: Kek, place: str) -> Again:
    run_id, name = cipher.run_id, cipher.name
    found = table.need(store, run_id, name)
    try:
        file = open_backup(place, kek)
        if (file.header.run_id, file.header.field) != (run_id, name):
            raise BackupNotProven("it is of another backup")
        digests = _digests(file, found.salt)
        if place in (found.copies[0], found.copies[-1]):
            _compare(store, file, digests)
        else:
            # What came late since is in a later file: this one is only opened.
            for _ in digests:
                pass
    except KekUnreachable:
        raise
    except (*_NOT_PROVEN, KekError) as error:
        # The KEK has just opened the backup's own key: here it is the file that was changed.
        return Again(place, why_not=f"the copy {place} is not proven: {error}")
    return Again(place, file.rows, file.rows if file.header.late else 0)


def _compare(store: Store, file: BackupFile, digests: Iterator[Digests]) -> None:
    header = file.header
    at = {"run": header.run_id, "field": header.field, "late": header.late}
    with store.transaction():
        fill(store, RESTORED, digests)
        missing, differing, unknown = store.need(COMPARE, at)
    if missing or differing or unknown:
        raise BackupNotProven(
            f"{missing} rows of the backup are missing, {differing} differ, {unknown} are unknown"
        )


def _digests(file: BackupFile, salt: bytes) -> Iterator[Digests]:
    for part in in_parts(file):
        yield [
            (row.row_key, digest(salt, file.cipher.open(row.row_key, row.sealed))) for row in part
        ]
