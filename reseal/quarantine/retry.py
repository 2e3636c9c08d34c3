"""Try quarantined rows again, as a run of its own: recorded, fenced, and with a backup."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from reseal.access import Access
from reseal.errors import ResealError, StoreError
from reseal.modes import Mode
from reseal.outcome import Outcome
from reseal.quarantine.attempt import Attempt
from reseal.quarantine.judgement import Judgement
from reseal.store import event, ledger
from reseal.store.control import hold
from reseal.store.event import Event
from reseal.store.quarantine import Key
from reseal.store.store import Store

FLOW = "retry_quarantine"

Chosen = Mapping[str, frozenset[Key]]


@dataclass(frozen=True, slots=True)
class Retried:
    """What a retry came to, by field; without a run where nothing was chosen."""

    run_id: UUID | None
    fields: dict[str, Judgement] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        """Failed where a row does not hold what was sealed there, partial where any is left."""
        if any(one.broken for one in self.fields.values()):
            return Outcome.FAILED
        is_partial = any(one.left for one in self.fields.values())
        return Outcome.PARTIAL if is_partial else Outcome.DONE

    @property
    def message(self) -> str:
        """What it came to, in one sentence."""
        if self.run_id is None:
            return "no row is waiting in quarantine"
        broken = sum(len(one.broken) for one in self.fields.values())
        if broken:
            return (
                f"{broken} rows do not hold what was just sealed there; "
                f"`reseal rollback {self.run_id}` puts the originals back"
            )
        counts = [one.as_dict() for one in self.fields.values()]
        words = ("sealed", "resealed", "left", "gone")
        said = ", ".join(f"{sum(each[word] for each in counts)} {word}" for word in words)
        return f"{sum(each['tried'] for each in counts)} rows tried again: {said}"


@dataclass(frozen=True, slots=True)
class Retry:
    """A retry at work: its run, who asked for it, and on which connection it holds the fields."""

    access: Access
    store: Store
    actor: str
    run_id: UUID = field(default_factory=uuid4)

    def carry_out(self, chosen: Chosen) -> Retried:
        """Try the chosen rows again; raise FieldBusy where another run holds one of the fields."""
        names = tuple(name for name, rows in chosen.items() if rows)
        if not names:
            return Retried(None)
        # What is wrong with a key is told before anything is written.
        self.access.keyring(self.store)
        self.access.backup_kek()
        with ExitStack() as stack:
            epochs = {
                name: stack.enter_context(hold(self.store, name, self.run_id)) for name in names
            }
            self._start(names)
            try:
                retried = Retried(
                    self.run_id,
                    {name: self._attempt(name, chosen[name], epochs[name]) for name in names},
                )
            except ResealError as error:
                self._finish(Outcome.FAILED, str(error))
                raise
            self._finish(retried.outcome, retried.message)
        return retried

    def _attempt(self, name: str, rows: frozenset[Key], epoch: int) -> Judgement:
        attempt = Attempt(self.access, self.store, self.run_id, name, rows)
        judgement = attempt.carry_out(epoch)
        self._note("quarantine tried again", field=name, **judgement.as_dict())
        return judgement

    def _start(self, names: tuple[str, ...]) -> None:
        record = ledger.RunRecord(self.run_id, FLOW, Mode.STANDARD, names, None)
        ledger.start(self.store, record, self.actor)
        self._note("run started", flow=FLOW, mode=Mode.STANDARD, fields=list(names))

    def _finish(self, outcome: Outcome, message: str) -> None:
        if self.store.connection.closed:
            return
        try:
            self._note("run finished", outcome=outcome.value, message=message)
            ledger.finish(self.store, self.run_id, outcome.value)
        except StoreError:
            # A run whose end is not recorded has failed; the fault itself is the one to tell.
            if outcome is not Outcome.FAILED:
                raise

    def _note(self, action: str, **detail: Any) -> None:
        event.append(self.store, Event(self.run_id, self.actor, action, detail))
