"""Record a run from its first moment to its signed bundle, whatever becomes of it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from reseal import report
from reseal.audit.action import Action
from reseal.audit.excerpt import export
from reseal.errors import StoreError
from reseal.evidence import manifest
from reseal.evidence.batches import BATCHES, count, ledger_table, table_bytes
from reseal.evidence.closing import Closing
from reseal.evidence.directory import Evidence, open_runs
from reseal.evidence.head import Head
from reseal.evidence.manifest import Ending
from reseal.evidence.opening import Begun, opening
from reseal.evidence.statement import Link
from reseal.store import event, schema
from reseal.store.event import Event
from reseal.store.key_inventory import inventory
from reseal.store.store import Store

if TYPE_CHECKING:
    from reseal.report.page import Page

# Runners on several machines have nothing in common but the database.
LOCK = "SELECT pg_advisory_lock(hashtextextended('reseal evidence', 0))"

UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('reseal evidence', 0))"


class Closed(NamedTuple):
    """A bundle that was closed: the head of the chain now, and the run's page if it has one."""

    head: Head
    page: "Page | None"


@dataclass(frozen=True, slots=True)
class Recording:
    """Where bundles go, in which directory of this machine they come about, by whose command.

    `config` is the reseal.toml that the runs follow; their pages have `plots` or not.
    """

    closing: Closing
    root: Path
    operator: str
    config: Path
    plots: bool = True

    def begin(self, store: Store, run: Begun, **more: Any) -> Evidence:
        """Hold a directory for a run, and write down what is known before anything happens.

        `more` are the fields and the parameters of the run. What killed runs have left is closed
        first.
        """
        self.close_interrupted(store)
        evidence = Evidence.of(self.root, run.run_id)
        evidence.write(manifest.OPENING, opening(store, run, self.operator, self.config) | more)
        return evidence

    def where(self, run_id: UUID) -> str:
        """Return where the bundle of a run is to be found."""
        return f"{self.closing.shelf.where}/{run_id}"

    def end(self, evidence: Evidence, store: Store, *, notes: bool = True) -> Closed:
        """Close the bundle of a run, with its page.

        `notes` says to keep the head in the audit log, too, as runs do that write there at all. A
        database that is not there any more keeps nothing from being closed.
        """
        name = evidence.directory.name
        keys = _last_look(evidence, store, name)
        facts = manifest.facts(evidence.directory, name, Ending(datetime.now(UTC), keys))
        page = report.write(facts, evidence.directory, draws=self.plots)
        with self._alone(store):
            head = self.closing.close(evidence, facts, lambda chain: _noted(store, chain))
            self._clear(evidence)
        if notes and not store.connection.closed:
            event.append(
                store, Event(UUID(name), self.operator, Action.EVIDENCE_CLOSED, head.as_dict())
            )
        return Closed(head, page)

    def close_interrupted(self, store: Store) -> list[str]:
        """Close what killed runs have left; return their names."""
        closed = []
        for name in open_runs(self.root):
            evidence = Evidence.take_up(self.root, name)
            if evidence is None:
                continue
            if self._is_closed(name):
                evidence.let_go()
                self._clear(evidence)
                continue
            self.end(evidence, store, notes=False)
            self._note_interrupted(store, name)
            closed.append(name)
        return closed

    def _note_interrupted(self, store: Store, name: str) -> None:
        # Whoever closes it may be one who reads only; it is told by the bundle, too.
        with suppress(StoreError):
            if schema.exists(store):
                event.append(store, Event(UUID(name), self.operator, Action.RUN_INTERRUPTED, {}))

    @property
    def is_elsewhere(self) -> bool:
        """Whether bundles are kept in another place than that in which they come about."""
        return self.closing.shelf.where != str(self.root)

    def _clear(self, evidence: Evidence) -> None:
        """Remove from this machine what is kept elsewhere now."""
        if self.is_elsewhere:
            shutil.rmtree(evidence.directory)

    def _is_closed(self, name: str) -> bool:
        head = self.closing.head()
        return head is not None and head.last.run_id == name

    @contextmanager
    def _alone(self, store: Store) -> Iterator[None]:
        """Keep other machines from closing a bundle; on this one, a locked file does."""
        locks = self.is_elsewhere and not store.connection.closed
        if locks:
            store.execute(LOCK)
        try:
            yield
        finally:
            if locks:
                with suppress(StoreError):
                    store.execute(UNLOCK)


def _last_look(evidence: Evidence, store: Store, name: str) -> list[dict[str, Any]] | None:
    """Write what the database has of a run and return the keys, where it can still be asked."""
    if store.connection.closed:
        return None
    try:
        if not schema.exists(store):
            return []
        content = table_bytes(ledger_table(store, UUID(name)))
        if count(content):
            (evidence.directory / BATCHES).write_bytes(content)
        export(store, UUID(name), evidence.directory / manifest.AUDIT)
        return inventory(store)
    except (StoreError, ValueError):
        return None


def _noted(store: Store, chain: str) -> Link | None:
    if store.connection.closed:
        return None
    with suppress(StoreError):
        closed = Action.EVIDENCE_CLOSED
        detail = event.latest(store, closed, chain=chain) if schema.exists(store) else None
        return Link(**detail["last"]) if detail else None
    return None
