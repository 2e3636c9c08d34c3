"""Write down what a look has seen, and follow the alerts: a change is one event of the audit log.

What must be told elsewhere is read from the log, from where the last telling ended: whoever dies
in between has told nothing twice and left nothing out.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from reseal.audit.action import Action
from reseal.errors import KeyringError
from reseal.health import past
from reseal.health.alert import KINDS, Change, Signal, Standing, follow
from reseal.health.reading import FieldHealth, Login, Look, Reading
from reseal.health.score import Health
from reseal.health.signals import Signals
from reseal.scores.finding import Unknown
from reseal.store import alert, event, sample
from reseal.store.event import Event
from reseal.store.store import Store

_log = logging.getLogger("reseal.health")

# What is a day old calls nobody any more, whoever was to tell it.
UNTOLD = """
SELECT event_id, action, detail, at, hash FROM {reseal}.event
WHERE action IN ('alert raised', 'alert cleared') AND event_id > %s
  AND at > clock_timestamp() - interval '1 day' ORDER BY event_id LIMIT 100
"""

KEPT = timedelta(days=30)
_ACTIONS = {Change.RAISED: Action.ALERT_RAISED, Change.CLEARED: Action.ALERT_CLEARED}
_LEVELS = {Change.RAISED: logging.WARNING, Change.CLEARED: logging.INFO}
_OURS = "health"


class Untold(NamedTuple):
    """A change that nobody outside the database has been told of, as the audit log has it."""

    number: int
    action: Action
    detail: dict[str, Any]
    at: datetime
    hash: bytes


class By(NamedTuple):
    """Who watches, and in which run."""

    actor: str
    run_id: UUID


def keep(store: Store, reading: Reading, health: Health, said: Signals, by: By) -> None:
    """Write the numbers of a look and follow every alert, both or neither."""
    with store.transaction():
        # Before anything is written: two that watch write one after the other.
        alert.lock(store)
        for source, values in _numbers(reading, health):
            store.run(sample.adding(source, values))
        _follow(store, said, by)
        alert.forget(store)
    if past.latest(store, "health.pruned", _OURS, timedelta(hours=1)) is None:
        sample.prune(store, KEPT)
        store.run(sample.adding(_OURS, {"health.pruned": 1.0}))


def need_no_envelopes(reading: Reading) -> None:
    """Raise KeyringError where envelopes stand without Reseal's schema, which alerts are kept in.

    Their keys were in it.
    """
    for field in reading.fields:
        if isinstance(field.look, Look) and field.look.opened.sealed:
            raise KeyringError(
                f"{field.name} has envelopes, and Reseal's schema with their keys is gone; see "
                'docs/runbook.md, "A key that is lost"'
            )


def untold(store: Store) -> list[Untold]:
    """Return the changes of which the last telling does not know."""
    told = past.latest(store, "health.told", _OURS, KEPT)
    rows = store.execute(UNTOLD, [int(told or 0)])
    return [Untold(number, Action(action), *rest) for number, action, *rest in rows]


def tell_no_more(store: Store, number: int) -> None:
    """Write down up to which event all was told."""
    store.run(sample.adding(_OURS, {"health.told": float(number)}))


def _follow(store: Store, said: Signals, by: By) -> None:
    standing = {(row.name, row.subject): row for row in alert.rows(store)}
    for name, subject, signal in _signals(said, standing.values()):
        kind, row = KINDS[name], standing.get((name, subject))
        before = Standing(row.is_raised, row.looks) if row else Standing()
        after, change = follow(kind, before, signal)
        if signal.value is None or (row is None and after == Standing()):
            continue
        values = {"name": name, "subject": subject, **after._asdict()}
        seen = {"value": signal.value, "sentence": signal.sentence}
        (since,) = alert.put(store, [values | seen])
        if change is not None:
            detail = {"alert": name, "subject": subject, "severity": kind.severity, **seen}
            raised = {"since": since.isoformat() if since else None}
            action = _ACTIONS[change]
            _log.log(_LEVELS[change], "%s, %s (%s): %s", action, name, subject, signal.sentence)
            event.append(store, Event(None, by.actor, action, detail | raised, by.run_id))


def _signals(said: Signals, rows: Iterable[alert.Row]) -> Iterator[tuple[str, str, Signal]]:
    """Yield what is said; of what is not said any more, that it is as it should be."""
    for kind, subjects in said.items():
        for subject, signal in subjects.items():
            yield kind.name, subject, signal
    measured = {kind.name: subjects for kind, subjects in said.items()}
    for row in rows:
        if row.name in measured and row.subject not in measured[row.name]:
            yield row.name, row.subject, Signal(0.0, "it is not there any more")


def _numbers(reading: Reading, health: Health) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield what is written by its source: each field, and the whole."""
    whole = {"health.measured": float(health.measured)}
    if health.score is not None:
        whole["health.score"] = float(health.score)
    if not isinstance(reading.replication, Unknown):
        whole["health.lag_bytes"] = float(reading.replication.lag or 0)
        whole["health.slot_bytes"] = float(reading.replication.retained or 0)
    if not isinstance(reading.readers, Unknown):
        whole["health.readers"] = float(reading.readers.live)
    if not isinstance(reading.pools, Unknown):
        whole["health.pool"] = reading.pools.utilisation
    yield _OURS, whole
    for field in reading.fields:
        if values := dict(_of_field(field)):
            yield field.name, values


def _of_field(field: FieldHealth) -> Iterator[tuple[str, float]]:
    if isinstance(field.look, Look):
        opened = field.look.opened
        yield "health.page", float(field.look.after)
        yield "health.rows", float(opened.rows)
        yield "health.unsealed", float(opened.unsealed)
        yield "health.broken", float(opened.broken)
    if isinstance(field.login, Login):
        yield "health.login_ms", field.login.milliseconds
    if not isinstance(field.quarantined, Unknown):
        yield "health.quarantined", float(field.quarantined)
