"""`reseal health`: how well the database is now, term by term, and which alerts are raised."""

import random
from typing import Any

import typer
from rich.table import Table
from rich.text import Text

from flows.flags import ConfigPath, Json, Panel, print_document
from flows.opening import Opening
from flows.screen import console, say
from reseal.health import look
from reseal.health.terms import health as judged
from reseal.store import alert
from reseal.store.store import Store

_FULL, _PART, _NONE = "green", "yellow", "bold red"


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
    console.print(_terms(document["terms"]))
    for one in document["alerts"]:
        say(f"{one['name']} since {one['since']:%Y-%m-%d %H:%M} UTC: {one['sentence']}")
    if not document["alerts"]:
        say("no alert is raised")


def _terms(terms: list[dict[str, Any]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    for term in terms:
        points = Text(f"{term['points']:g} of {term['weight']}", style=_style(term))
        told = f"{term['value']} (limit: {term['limit']}): {term['sentence']}"
        table.add_row(points, Text(term["name"]), Text(told))
    return table


def _style(term: dict[str, Any]) -> str:
    if not term["measured"]:
        return "magenta"
    if term["points"] >= term["weight"]:
        return _FULL
    return _PART if term["points"] else _NONE
