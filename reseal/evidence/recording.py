"""Record a run from its first moment to its signed bundle, whatever becomes of it."""

import itertools
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
from reseal.errors import EvidenceError, StoreError
from reseal.evidence import manifest
from reseal.evidence.announcement import announce, withdraw
from reseal.evidence.batches import BATCHES, count, ledger_table, table_bytes
from reseal.evidence.closing import Closing
from reseal.evidence.directory import Evidence, writing
from reseal.evidence.head import Head
from reseal.evidence.left import killed, lost, show_alive
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
        known = opening(store, run, self.operator, self.config) | more
        if self.is_elsewhere:
            show_alive(store, str(run.run_id))
            announce(self.closing.shelf, known, self.closing.key)
        evidence = Evidence.of(self.root, run.run_id)
        evidence.write(manifest.OPENING, known)
        return evidence

    def where(self, run_id: UUID) -> str:
        """Return where the bundle of a run is to be found."""
        return f"{self.closing.shelf.where}/{run_id}"

    def end(self, evidence: Evidence, store: Store, *, notes: bool = True) -> Closed:
        """Close the bundle of a run, with its page; raise EvidenceNotWritten for want of room.

        `notes` says to keep the head in the audit log, too, as runs do that write there at all. A
        database that is not there any more keeps nothing from being closed.
        """
        name = evidence.directory.name
        with writing(evidence.directory):
            closed = self._close(evidence, store, name)
        if notes and not store.connection.closed:
            detail = closed.head.as_dict()
            event.append(store, Event(UUID(name), self.operator, Action.EVIDENCE_CLOSED, detail))
        return closed

    def _close(self, evidence: Evidence, store: Store, name: str) -> Closed:
        keys = _last_look(evidence, store, name)
        facts = manifest.facts(evidence.directory, name, Ending(datetime.now(UTC), keys))
        page = report.write(facts, evidence.directory, draws=self.plots)
        with self._alone(store):
            head = self.closing.close(evidence, facts, lambda chain: _noted(store, chain))
            if self.is_elsewhere:
                withdraw(self.closing.shelf, name)
                shutil.rmtree(evidence.directory)
        return Closed(head, page)

    def close_interrupted(self, store: Store) -> list[str]:
        """Close what killed runs have left, here and on machines that are gone; return their names.

        What may be alive is left alone, and so is what was begun on another database.
        """
        left = killed(self.closing, self.root)
        if self.is_elsewhere and not store.connection.closed:
            left = itertools.chain(left, lost(self.closing, self.root, store))
        return [name for evidence in left if (name := self._close_left(evidence, store))]

    def _close_left(self, evidence: Evidence, store: Store) -> str | None:
        name = evidence.directory.name
        try:
            self.end(evidence, store, notes=False)
        except EvidenceError:
            if not self.closing.is_closed(name):
                raise
            # Another machine that begins a run at the same moment was first.
            evidence.let_go()
            return None
        self._note_interrupted(store, name)
        return name

    def _note_interrupted(self, store: Store, name: str) -> None:
        # Whoever closes it may be one who reads only; it is told by the bundle, too.
        with suppress(StoreError):
            if schema.exists(store):
                event.append(store, Event(UUID(name), self.operator, Action.RUN_INTERRUPTED, {}))

    @property
    def is_elsewhere(self) -> bool:
        """Whether bundles are kept in another place than that in which they come about."""
        return self.closing.is_elsewhere(self.root)

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
