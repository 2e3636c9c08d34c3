"""Try quarantined rows again, as a run of its own: recorded, fenced, and with a backup."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from reseal import register
from reseal.access import Access
from reseal.audit.action import Action
from reseal.backup.location import Location
from reseal.errors import ResealError, StoreError
from reseal.evidence.directory import Evidence
from reseal.evidence.opening import Begun
from reseal.evidence.recording import Recording
from reseal.modes import Mode
from reseal.outcome import Outcome
from reseal.quarantine.attempt import Attempt
from reseal.quarantine.judgement import Judgement
from reseal.quarantine.log import Log
from reseal.store import ledger, quarantine
from reseal.store.control import hold
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
        is_partial = any(one.left or one.failed_claims for one in self.fields.values())
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
        text = f"{sum(each['tried'] for each in counts)} rows tried again: {said}"
        failed = [claim for one in self.fields.values() for claim in one.failed_claims]
        return "; not true: ".join([text, *failed])

    def as_dict(self) -> dict[str, Any]:
        """Return the run as evidence keeps it."""
        return {
            **_described(self.run_id, self.outcome, self.message),
            "fields": {name: one.as_dict() for name, one in self.fields.items()},
        }


def _described(run_id: UUID | None, outcome: Outcome, message: str) -> dict[str, Any]:
    return {
        "run_id": str(run_id) if run_id else None,
        "flow": FLOW,
        "mode": Mode.STANDARD.value,
        "outcome": outcome.value,
        "exit_code": outcome.exit_code,
        "fields": {},
        "message": message,
    }


@dataclass(frozen=True, slots=True)
class Retry:
    """A retry at work: its run, who asked for it, and on which connection it holds the fields.

    Without `recording` it leaves no evidence.
    """

    access: Access
    store: Store
    actor: str
    recording: Recording | None = None
    run_id: UUID = field(default_factory=uuid4)

    def carry_out(self, chosen: Chosen) -> Retried:
        """Try the chosen rows again; raise FieldBusy where another run holds one of the fields."""
        names = tuple(name for name, rows in chosen.items() if rows)
        if not names:
            return Retried(None)
        self._need_keys_and_place()
        with ExitStack() as stack:
            epochs = {
                name: stack.enter_context(hold(self.store, name, self.run_id)) for name in names
            }
            log = self._start(names)
            try:
                parts = {
                    name: _attempt(self.access, log, name, chosen[name], epochs[name])
                    for name in names
                }
            except ResealError as error:
                _finish(log, _described(self.run_id, Outcome.FAILED, str(error)))
                raise
            retried = Retried(self.run_id, parts)
            _finish(log, retried.as_dict())
        return retried

    def _need_keys_and_place(self) -> None:
        """Tell what is wrong with a key or the place for copies before anything is written."""
        self.access.keyring(self.store)
        self.access.backup_kek()
        if self.access.config.backup.to:
            Location.parse(self.access.config.backup.to).need_writable()

    def _start(self, names: tuple[str, ...]) -> Log:
        log = Log(self.store, self.run_id, self.actor, self.recording, self._evidence(names))
        record = ledger.RunRecord(self.run_id, FLOW, Mode.STANDARD, names, None)
        register.begin(self.store, record, self.actor, self.access.config.sha256)
        return log

    def _evidence(self, names: tuple[str, ...]) -> Evidence | None:
        if self.recording is None:
            return None
        begun = Begun(self.run_id, FLOW, Mode.STANDARD.value)
        return self.recording.begin(self.store, begun, fields=list(names))


def _attempt(access: Access, log: Log, name: str, rows: frozenset[Key], epoch: int) -> Judgement:
    judgement = Attempt(access, log, name, rows).carry_out(epoch)
    left = set(judgement.left)
    log.write(
        f"quarantine-{name}",
        {
            **judgement.as_dict(),
            "rows_left": [
                {"key": row.row_key, "class": row.trouble, "reason": row.reason}
                for row in quarantine.records(log.store, name)
                if row.key in left
            ],
        },
    )
    log.note(Action.QUARANTINE_TRIED_AGAIN, field=name, **judgement.as_dict())
    return judgement


def _finish(log: Log, document: dict[str, Any]) -> None:
    """Record how the run ended; where the connection is lost, in the evidence alone."""
    outcome = document["outcome"]
    try:
        if not log.store.connection.closed:
            register.end(log.store, log.run_id, log.actor, outcome, document["message"])
    except StoreError:
        # A run whose end is not recorded has failed; the fault itself is the one to tell.
        if outcome != Outcome.FAILED.value:
            raise
    finally:
        log.end(document)
