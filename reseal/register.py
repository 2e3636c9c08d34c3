"""How runs begin and end: in the table of runs and in the audit log, both or neither."""

from functools import partial
from typing import Any
from uuid import UUID

from reseal.audit.action import Action
from reseal.outcome import Outcome
from reseal.store import event, ledger
from reseal.store.event import Event
from reseal.store.ledger import RunRecord
from reseal.store.store import Store

# Runs whose end nobody has written down, though another run holds one of their fields by now.
UNFINISHED = """
SELECT r.run_id, EXISTS (
    SELECT FROM pg_stat_activity WHERE application_name = 'reseal run ' || r.run_id)
FROM {reseal}.run AS r
WHERE r.outcome IS NULL AND r.run_id <> %(run)s AND r.fields && %(fields)s AND NOT EXISTS (
    SELECT FROM {reseal}.event AS e WHERE e.run_id = r.run_id AND e.action = ANY (%(told)s))
ORDER BY r.started
"""

_ENDS = [Action.RUN_INTERRUPTED, Action.RUN_TAKEN_OVER]


def begin(store: Store, run: RunRecord, actor: str, configuration: str | None = None) -> None:
    """Record that a run begins; call it when the run holds its fields.

    `configuration` is the SHA-256 of reseal.toml.
    """
    with store.transaction():
        ledger.start(store, run, actor)
        _tell_unfinished(store, run, actor)
        before = (event.latest(store, Action.RUN_STARTED) or {}).get("configuration")
        own = partial(_own, run.run_id, actor)
        what = {"flow": run.flow, "mode": run.mode, "fields": list(run.fields)}
        event.append(store, own(Action.RUN_STARTED, **what, configuration=configuration))
        if before not in (None, configuration):
            changed = own(Action.CONFIGURATION_CHANGED, before=before, now=configuration)
            event.append(store, changed)


def end(store: Store, run_id: UUID, actor: str, outcome: str, message: str) -> None:
    """Record how a run ended."""
    with store.transaction():
        ledger.finish(store, run_id, outcome)
        said = _own(run_id, actor, Action.RUN_FINISHED, outcome=outcome, message=message)
        event.append(store, said)


def undo(store: Store, run_id: UUID, actor: str, undone_by: UUID) -> None:
    """Record that a run has been rolled back by another."""
    with store.transaction():
        ledger.finish(store, run_id, Outcome.ROLLED_BACK)
        event.append(store, Event(run_id, actor, Action.RUN_UNDONE, {}, undone_by))


def _tell_unfinished(store: Store, run: RunRecord, actor: str) -> None:
    values = {"run": run.run_id, "fields": list(run.fields), "told": _ENDS}
    for run_id, is_alive in store.execute(UNFINISHED, values).fetchall():
        # One that is still connected has lost its lock, and can write no more.
        action = Action.RUN_TAKEN_OVER if is_alive else Action.RUN_INTERRUPTED
        event.append(store, Event(run_id, actor, action, {}, run.run_id))


def _own(run_id: UUID, actor: str, action: Action, **detail: Any) -> Event:
    return Event(run_id, actor, action, detail, run_id)
