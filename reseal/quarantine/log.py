"""What a retry leaves behind: lines in the audit log, and evidence as other runs have it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from reseal.audit.action import Action
from reseal.evidence.directory import Evidence
from reseal.evidence.recording import Recording
from reseal.store import event
from reseal.store.event import Event
from reseal.store.store import Store


@dataclass(frozen=True, slots=True)
class Log:
    """The audit log of a run, and its directory of evidence where it has one."""

    store: Store
    run_id: UUID
    actor: str
    recording: Recording | None = None
    evidence: Evidence | None = None

    def note(self, action: Action, **detail: Any) -> None:
        """Append to the audit log."""
        event.append(self.store, Event(self.run_id, self.actor, action, detail, self.run_id))

    def write(self, name: str, document: Any) -> None:
        """Write a file of the evidence."""
        if self.evidence:
            self.evidence.write(name, document)

    def end(self, document: Any) -> None:
        """Write how the run ended, and close its bundle."""
        if self.recording and self.evidence:
            self.evidence.write("run", document)
            self.recording.end(self.evidence, self.store)
