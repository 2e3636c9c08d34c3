"""Watching: one look, the alerts as events of Prefect, and what a person sees of it in the UI."""

import random
from contextlib import suppress
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from prefect.artifacts import ImageArtifact, TableArtifact
from prefect.events import emit_event

from reseal.access import Access
from reseal.health import look, past, trends, watch
from reseal.health.score import Health
from reseal.health.signals import signals
from reseal.health.terms import health
from reseal.store import alert, sample, schema
from reseal.store.alert import Row
from reseal.store.store import Store
from tasks.artifacts import shown
from tasks.publishing import publish
from tasks.sending import events_have_left
from tasks.step import step

# A picture a minute would fill Prefect's database, and shows no more.
_BETWEEN_PLOTS = timedelta(minutes=15)


class Looked(NamedTuple):
    """The score with its terms, and the alerts that are raised."""

    health: Health
    raised: list[Row]


@step(name="look at health")
def look_at_health(access: Access, by: watch.By) -> Looked:
    """Take a look, write it down, and follow the alerts."""
    with look.looking(access, f"health {by.run_id}", read_only=False) as store:
        keeps = _prepared(store, access)
        reading = look.take(access, store, random.Random())  # noqa: S311 - which pages, no key
        found = health(reading)
        if not keeps:
            watch.need_no_envelopes(reading)
            return Looked(found, [])
        watch.keep(store, reading, found, signals(reading, found), by)
        return Looked(found, [row for row in alert.rows(store) if row.is_raised])


@step(name="tell alerts")
def tell_alerts(access: Access, by: watch.By) -> int:
    """Send an event for each change of an alert that was not told yet; return how many."""
    with look.looking(access, f"health {by.run_id}", read_only=False) as store:
        if not alert.exists(store):
            return 0
        changes = watch.untold(store)
        for change in changes:
            _emit(store.connection.info.dbname, change)
        # Only what has left is told; an event that is sent again has the same id.
        if changes and events_have_left():
            watch.tell_no_more(store, changes[-1].number)
        return len(changes)


@step(name="show health")
def show_health(access: Access, looked: Looked, by: watch.By, *, changed: bool) -> None:
    """Show the terms as a table, and the last day as a plot each quarter of an hour."""
    # A view that cannot be shown must not end a look: the numbers stand in the database.
    with suppress(Exception):
        document = looked.health.as_dict()
        raised = ", ".join(f"{row.name} ({row.subject})" for row in looked.raised) or "no alert"
        publish(
            TableArtifact(
                table=document["terms"],
                key="health",
                description=f"Health {document['score']} of 100, {raised}",
            )
        )
        with look.looking(access, f"health {by.run_id}", read_only=False) as store:
            _show_trends(store, changed=changed)


def _show_trends(store: Store, *, changed: bool) -> None:
    if not changed and past.latest(store, "health.drawn", "health", _BETWEEN_PLOTS) is not None:
        return
    points = trends.trends(store)
    if points is None:
        return
    from reseal.report import plots

    publish(
        ImageArtifact(
            image_url=shown(plots.trends(*points)),
            key="health-trends",
            description="Health of the last day",
        )
    )
    store.run(sample.adding("health", {"health.drawn": 1.0}))


def _prepared(store: Store, access: Access) -> bool:
    """Say whether there is a schema to write to; one that lacks room for alerts is given it."""
    if not schema.exists(store):
        return False
    if not alert.exists(store):
        schema.migrate(store, access.config.application)
    return True


def _emit(database: str, change: watch.Untold) -> None:
    detail: dict[str, Any] = change.detail
    name, subject = detail["alert"], detail["subject"]
    emit_event(
        event=f"reseal.{change.action.value.replace(' ', '.')}",
        resource={
            "prefect.resource.id": f"reseal.{database}.{name}.{subject}",
            "prefect.resource.name": f"{name} ({subject})",
            "reseal.database": database,
            "reseal.alert": name,
            "reseal.severity": detail["severity"],
        },
        occurred=change.at,
        payload=detail,
        id=_id(change),
    )


def _id(change: watch.Untold) -> UUID:
    """Return the same id whenever the same change is told."""
    return uuid5(NAMESPACE_URL, f"reseal:{change.number}:{change.hash.hex()}")
