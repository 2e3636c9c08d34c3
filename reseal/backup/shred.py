"""Destroy a run's backups: the wrapped keys, the rows, and the copies that were written of them.

Without its key a backup does not open, wherever it still is. A copy has the key with it, wrapped:
one that cannot be deleted, or that somebody has copied, opens as long as the backup KEK is there.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from reseal.access import Access
from reseal.audit.action import Action
from reseal.backup import table
from reseal.backup.location import Location
from reseal.backup.still_needed import need_ended, still_needed
from reseal.errors import BackupFileError, ConfigurationError, FieldError, Refused, StoreError
from reseal.patience import Patience
from reseal.store import event
from reseal.store.control import hold
from reseal.store.event import Event
from reseal.store.store import Store

# The version of the row that still had the key is dead; a plain VACUUM leaves its bytes where they
# were in the page. The table has a row a backup.
REWRITE = "VACUUM (FULL) {reseal}.backup_set"

BEFORE = """
SELECT field, shredded, shredded_by FROM {reseal}.backup_set WHERE run_id = %s AND wrapped IS NULL
ORDER BY field
"""


@dataclass(frozen=True, slots=True)
class Shredded:
    """What was destroyed of a run: rows by field, copies, and what could not be deleted.

    `sealed` has by field how many rows a rollback would have restored, None where nobody can tell;
    `before` when and by whom a field's backup was shredded, where it had been; `unseen` the fields
    whose rows could not be looked at, which somebody decided to do without.
    """

    run_id: UUID
    before: dict[str, dict[str, Any]] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    sealed: dict[str, int | None] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    not_deleted: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return what the command prints."""
        return {
            "run_id": str(self.run_id),
            "shredded_before": self.before,
            "unseen": self.unseen,
            "rows": self.rows,
            "still_sealed": self.sealed,
            "deleted": self.deleted,
            "not_deleted": self.not_deleted,
        }


@dataclass(frozen=True, slots=True)
class Shredder:
    """Who destroys backups, with whose approval.

    Of the `unseen` fields a backup is destroyed also where their rows cannot be looked at any
    more, so that nobody can tell whether one has its secret there alone.
    """

    access: Access
    store: Store
    actor: str
    approved_by: str = ""
    unseen: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Raise ConfigurationError where a decision is nobody's."""
        if self.unseen and not self.approved_by:
            raise ConfigurationError("say who approved it, by name: --approved-by NAME")

    def shred(self, run_id: UUID) -> Shredded:
        """Destroy a run's backups; raise Refused where one is needed, FieldBusy where it is used.

        What was destroyed before stays so, and copies that could not be deleted are tried again.
        """
        names = table.fields(self.store, run_id)
        if not names:
            raise ConfigurationError(f"run {run_id} has no backup; see `reseal backup list`")
        with self._alone(run_id, names):
            done = Shredded(run_id, self._before(run_id))
            for name in names:
                if name not in done.before:
                    done.sealed[name] = self._need_unneeded(done, name)
            Patience().retry(partial(self._destroy, done))
            for name in names:
                self._delete_copies(done, name)
        if done.rows:
            with suppress(StoreError):
                Patience().retry(partial(self.store.execute, REWRITE))
        return done

    @contextmanager
    def _alone(self, run_id: UUID, names: list[str]) -> Iterator[None]:
        with ExitStack() as stack:
            for name in names:
                # With the epoch: a runner that lost its lock and lives can write no more.
                stack.enter_context(hold(self.store, name, run_id))
            need_ended(self.store, run_id)
            yield

    def _before(self, run_id: UUID) -> dict[str, dict[str, Any]]:
        rows = self.store.execute(BEFORE, [run_id])
        return {name: {"shredded": when, "by": by} for name, when, by in rows}

    def _need_unneeded(self, done: Shredded, name: str) -> int | None:
        """Return how many rows a rollback would restore; raise Refused where one needs it."""
        try:
            needed = still_needed(self.access, self.store, done.run_id, name)
        except FieldError as error:
            self._need_decision(done.run_id, name, error)
            done.unseen.append(name)
            return None
        if needed.only_here:
            raise Refused(
                f"the backup of run {done.run_id} is all there is of {needed.only_here} rows of "
                f"{name!r} that are quarantined or do not open: put them right with `reseal "
                f"quarantine retry` or `reseal rollback {done.run_id}`, or, when a run or a retry "
                "has met them as they are now, give them up with `reseal quarantine accept`; "
                "`reseal verify` lists them"
            )
        return needed.sealed

    def _need_decision(self, run_id: UUID, name: str, error: FieldError) -> None:
        if name in self.unseen:
            return
        raise Refused(
            f"whether the backup of run {run_id} is all there is of a row of {name!r} cannot be "
            f"looked at: {error}; describe the field in reseal.toml as it is now, or decide to do "
            f"without: --unseen {name} --approved-by NAME"
        )

    def _destroy(self, done: Shredded) -> None:
        with self.store.transaction():
            rows = table.destroy(self.store, done.run_id, self.approved_by or self.actor)
            if rows:
                seen = {"still_sealed": done.sealed, "unseen": done.unseen}
                self._note(done, Action.BACKUP_SHREDDED, rows=rows, **seen)
        done.rows.update(rows)

    def _delete_copies(self, done: Shredded, name: str) -> None:
        for place in table.need(self.store, done.run_id, name).copies:
            try:
                Location.parse(place).remove()
            except BackupFileError as error:
                done.not_deleted[place] = str(error)
                continue
            with self.store.transaction():
                table.drop_copy(self.store, done.run_id, name, place)
                self._note(done, Action.BACKUP_COPY_DELETED, field=name, copy=place)
            done.deleted.append(place)

    def _note(self, done: Shredded, action: Action, **detail: Any) -> None:
        detail["approved_by"] = self.approved_by
        event.append(self.store, Event(done.run_id, self.actor, action, detail))
