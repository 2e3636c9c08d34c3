"""Prove a backup once more, when the rows that it is of are long sealed.

Every stored row is opened and held against the salted digest that was stored beside it, and every
copy is read, opened record by record, and held against the stored rows. What is wrong with one of
them keeps nobody from looking at the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from reseal.audit.action import Action
from reseal.backup import table
from reseal.backup.cipher import BackupCipher
from reseal.backup.copies import file_name, in_parts
from reseal.backup.file import BackupFile, open_backup
from reseal.backup.scratch import RESTORED, STANDING, Digests, digest, fill
from reseal.backup.stored import look, otherwise
from reseal.errors import (
    BackupFileError,
    BackupNotProven,
    ConfigurationError,
    KekError,
    KekUnreachable,
    WillNotOpen,
)
from reseal.kek import Kek
from reseal.store import event
from reseal.store.event import Event
from reseal.store.store import Store

# Of a row that came late again, the first file has the original before.
COMPARE = """
SELECT count(*) FILTER (WHERE s.row_key IS NULL AND b.late = %(late)s),
       count(*) FILTER (WHERE s.digest <> b.digest AND b.late = %(late)s),
       count(*) FILTER (WHERE b.row_key IS NULL)
FROM (SELECT row_key, coalesce(o.digest, b.digest) AS digest, b.late
      FROM {reseal}.backup AS b LEFT JOIN pg_temp.reseal_standing AS o USING (row_key)
      WHERE b.run_id = %(run)s AND b.field = %(field)s) AS b
FULL JOIN pg_temp.reseal_restored AS s ON s.row_key = b.row_key
"""

_NOT_PROVEN = (BackupFileError, BackupNotProven, WillNotOpen)


@dataclass(frozen=True, slots=True)
class Again:
    """What came of proving a backup or a copy; `why_not` None where it is proven."""

    what: str
    rows: int = 0
    late_rows: int = 0
    wrong_rows: int = 0
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
            "wrong_rows": self.wrong_rows,
            "why_not": self.why_not,
            "copies": [copy.as_dict() for copy in self.copies],
        }


def prove_run(store: Store, run_id: UUID, kek: Kek, actor: str) -> list[Again]:
    """Prove what a run backed up, field by field.

    Raise ConfigurationError where it did not, KekError where nothing opens under that KEK.
    """
    names = table.fields(store, run_id)
    if not names:
        raise ConfigurationError(f"run {run_id} has no backup; see `reseal backup list`")
    done: list[Again] = []
    errors: list[KekError] = []
    for name in names:
        try:
            found = table.need(store, run_id, name)
            done.append(_Proving(store, run_id, name, kek, found, actor).prove())
        except KekUnreachable:
            raise
        except KekError as error:
            errors.append(error)
            done.append(Again(name, why_not=str(error)))
    if len(errors) == len(names):
        raise errors[0]
    return done


def prove_file(place: str, kek: Kek) -> Again:
    """Prove a backup file by itself; raise KekError where the KEK is not the one."""
    try:
        file = open_backup(place, kek)
        rows = sum(1 for _ in file)
    except _NOT_PROVEN as error:
        return Again(place, why_not=str(error))
    return Again(place, rows, rows if file.header.late else 0)


@dataclass(frozen=True, slots=True)
class _Proving:
    """The backup of one field in one run."""

    store: Store
    run_id: UUID
    name: str
    kek: Kek
    found: table.BackupSet
    actor: str

    def prove(self) -> Again:
        """Look at every row and every copy; raise KekError where nothing opens."""
        if self.found.wrapped is None:
            why_not = f"the backup of {self.name} was shredded; see `reseal backup list`"
            return Again(self.name, why_not=why_not)
        try:
            cipher = BackupCipher.unwrap(self.run_id, self.name, self.kek, self.found.wrapped)
        except KekUnreachable:
            raise
        except KekError as error:
            return self._prove_copies_alone(error)
        return self._prove_all(cipher)

    def _prove_all(self, cipher: BackupCipher) -> Again:
        seen = look(self.store, cipher, self.found.salt)
        counted = _miscount(self.name, self.found.rows, seen.rows, seen.late)
        faults = [*seen.faults(self.name), *counted]
        # Where a digest was changed, copies are held against the original beside it.
        judge = cipher if seen.differing.rows else None
        copies = tuple(self._prove_copy(place, judge) for place in self.found.copies)
        why_not = "; ".join(faults) or None
        done = Again(self.name, seen.rows, seen.late, seen.wrong, why_not, copies)
        if not done.faults:
            self._record(seen.rows)
        return done

    def _record(self, rows: int) -> None:
        detail = {"field": self.name, "rows": rows}
        with self.store.transaction():
            table.record_another_proof(self.store, self.run_id, self.name)
            said = Event(self.run_id, self.actor, Action.BACKUP_PROVEN_AGAIN, detail)
            event.append(self.store, said)

    def _prove_copies_alone(self, error: KekError) -> Again:
        """Prove the copies, which have the key with them, where the stored one does not open."""
        copies = tuple(self._prove_copy(place) for place in self.found.copies)
        if all(copy.why_not for copy in copies):
            raise error
        return Again(self.name, why_not=str(error), copies=copies)

    def _prove_copy(self, place: str, cipher: BackupCipher | None = None) -> Again:
        try:
            file = open_backup(place, self.kek)
            self._need_ours(place, file)
            digests = _digests(file, self.found.salt)
            if place in (self.found.copies[0], self.found.copies[-1]):
                self._compare(file, digests, cipher)
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

    def _need_ours(self, place: str, file: BackupFile) -> None:
        if (file.header.run_id, file.header.field) != (self.run_id, self.name):
            raise BackupNotProven("it is of another backup")
        if file.header.late == place.endswith(f"/{file_name(self.name)}"):
            raise BackupNotProven("it is another file of this backup, which has taken its name")

    def _compare(
        self, file: BackupFile, digests: Iterator[Digests], cipher: BackupCipher | None
    ) -> None:
        at = {"run": self.run_id, "field": self.name, "late": file.header.late}
        opened = otherwise(self.store, cipher, self.found.salt) if cipher else ()
        with self.store.transaction():
            fill(self.store, STANDING, opened)
            fill(self.store, RESTORED, digests)
            missing, differing, unknown = self.store.need(COMPARE, at)
        if missing or differing or unknown:
            raise BackupNotProven(
                f"{missing} rows of the backup are missing, {differing} differ, {unknown} are "
                "unknown"
            )


def _miscount(name: str, proven: int | None, rows: int, late: int) -> list[str]:
    """Say whether a row is missing, as far as can be told: what came late may be new rows."""
    if proven is None:
        return [f"the backup of {name} was never proven: its run did not get so far"]
    if rows - late <= proven <= rows:
        return []
    return [
        f"the backup of {name} has {rows} rows, {late} of them late, where {proven} were proven"
    ]


def _digests(file: BackupFile, salt: bytes) -> Iterator[Digests]:
    for part in in_parts(file):
        yield [
            (row.row_key, digest(salt, file.cipher.open(row.row_key, row.sealed))) for row in part
        ]
