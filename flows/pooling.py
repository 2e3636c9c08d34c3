"""`reseal pool`: tiers, sessions, what pools have measured, and when a tier is outgrown."""

from typing import Any

import typer

from flows.flags import ConfigPath, Json, Panel, print_document
from flows.opening import Opening
from flows.screen import say
from reseal.pool.report import report

_STATES = {
    "active": "active",
    "idle": "idle",
    "idle_in_transaction": "idle in a transaction",
    "not_told": "of which this role is not told more",
}


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(rich_help_panel=Panel.LOOK)(pool)


def pool(config: ConfigPath = None, as_json: Json = False) -> None:
    """Show who holds connections, what pools measured, and when they need a larger tier.

    Nothing is written.
    """
    with Opening.by(config).connected("pool") as store:
        document = report(store)
    print_document(document, as_json, show)


def show(document: dict[str, Any]) -> None:
    """Say it line by line."""
    for tier in document["tiers"]:
        waits = f"waits {tier['acquire_seconds']:g} s for one"
        say(f"tier {tier['tier']}: {tier['least']} to {tier['most']} connections, {waits}")
    for limit in document["limits"]:
        used = f"{limit['used']} in use, {limit['free']} free"
        say(f"{limit['name']} allows {limit['allowed']} connections: {used}")
    for one in document["sessions"]:
        told = ", ".join(f"{one[word]} {said}" for word, said in _STATES.items() if one[word])
        say(f"{one['application']}: {one['sessions']} sessions, {told}")
    for one in document["instances"]:
        say(f"pool of {one['source']}: {_measured(one)}; {one['recommendation']}")
    if not document["instances"]:
        say("no pool has kept samples: give an AdaptivePool the name of Reseal's schema")


def _measured(one: dict[str, Any]) -> str:
    used = f"{one.get('used', 0):g} of {one.get('size', 0):g} connections in use"
    said = f"{used} at the last sample, {one['at']:%Y-%m-%d %H:%M}"
    found = one["forecast"]
    if found is None:
        return said
    least, most = found["range"]
    return (
        f"{said}; at the busiest moment of a day {found['each_day']:+.2f} a day "
        f"({least:+.2f} to {most:+.2f}) over {found['days']} days"
    )
