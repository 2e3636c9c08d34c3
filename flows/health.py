"""`reseal health`: how well the database is now, term by term, and which alerts are raised."""

import random
from typing import Any

import typer

from flows.flags import ConfigPath, Json, Panel, print_document
from flows.opening import Opening
from flows.screen import console, say
from flows.terms_shown import Term, print_terms
from reseal.health import look
from reseal.health.terms import health as judged
from reseal.store import alert
from reseal.store.store import Store


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(rich_help_panel=Panel.LOOK)(health)


def health(config: ConfigPath = None, as_json: Json = False) -> None:
    """Look at pools, logins, envelopes, keys, applications and standbys.

    Nothing is written.
    """
    opening = Opening.by(config)
    with look.looking(opening.access, "health", read_only=True) as store:
        # Which pages are looked at is no secret.
        found = judged(look.take(opening.access, store, random.Random()))  # noqa: S311
        document = {**found.as_dict(), "alerts": _alerts(store)}
    print_document(document, as_json, show)


def _alerts(store: Store) -> list[dict[str, Any]]:
    if not alert.exists(store):
        return []
    return [row.as_dict() for row in alert.rows(store) if row.is_raised]


def show(document: dict[str, Any]) -> None:
    """Show the score, every term of it, and the alerts that are raised."""
    score = "not measured" if document["score"] is None else f"{document['score']} of 100"
    measured = f"{document['points']:g} of {document['measured']} points that could be measured"
    console.print(f"\nhealth: {score}, {measured}", style="bold")
    print_terms(map(_term, document["terms"]))
    for one in document["alerts"]:
        say(f"{one['name']} since {one['since']:%Y-%m-%d %H:%M} UTC: {one['sentence']}")
    if not document["alerts"]:
        say("no alert is raised")


def _term(one: dict[str, Any]) -> Term:
    said = f"{one['value']} (limit: {one['limit']}): {one['sentence']}"
    return Term(one["points"], one["weight"], one["measured"], one["name"], said)
