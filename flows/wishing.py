"""`reseal pause`, `resume`, `stop` and `panic`: what a person asks of a run that is at work."""

from pathlib import Path
from typing import Any

import typer

from flows.flags import ConfigPath, Fields, Json, Panel, print_document
from flows.opening import Opening
from flows.screen import say
from reseal.errors import Refused
from reseal.store import schema
from reseal.wishes import Wish, ask

_SAID = {
    Wish.PAUSE: "pauses when its batch is committed; `reseal resume` lets it go on",
    Wish.RESUME: "goes on",
    Wish.STOP: "stops when its batch is committed; the same command goes on later",
    Wish.PANIC: "was cancelled in the database and stops; the same command goes on later",
}


def register(app: typer.Typer) -> None:
    """Add the four commands to the command line."""
    for command in (pause, resume, stop, panic):
        app.command(rich_help_panel=Panel.AT_WORK)(command)


def pause(fields: Fields = None, config: ConfigPath = None, as_json: Json = False) -> None:
    """Let a run wait, with no transaction open, until `reseal resume`.

    Writes the wish, and an event of the audit log.
    """
    _ask(Wish.PAUSE, config, fields, as_json)


def resume(fields: Fields = None, config: ConfigPath = None, as_json: Json = False) -> None:
    """Let a run that was paused go on.

    Writes the wish, and an event of the audit log.
    """
    _ask(Wish.RESUME, config, fields, as_json)


def stop(fields: Fields = None, config: ConfigPath = None, as_json: Json = False) -> None:
    """End a run at its next batch boundary; the same command goes on later.

    Writes the wish, and an event of the audit log.
    """
    _ask(Wish.STOP, config, fields, as_json)


def panic(fields: Fields = None, config: ConfigPath = None, as_json: Json = False) -> None:
    """Cancel at once whatever a run is doing in the database, and end it.

    Writes the wish, and an event of the audit log; cancels no session but the run's own.
    """
    _ask(Wish.PANIC, config, fields, as_json)


def _ask(wish: Wish, config: Path | None, fields: list[str] | None, as_json: bool) -> None:
    opening = Opening.by(config)
    names = [field.name for field in opening.config.select(fields)] if fields else []
    with opening.connected(wish, read_only=False) as store:
        if not schema.exists(store):
            raise Refused("no run is at work, and none ever was; see `reseal status`")
        asked = [one.as_dict() for one in ask(store, wish, names, opening.settings.actor)]
    print_document({"asked": wish.value, "runs": asked}, as_json, show)


def show(document: dict[str, Any]) -> None:
    """Say what each run does now."""
    for run in document["runs"]:
        fields = ", ".join(run["fields"])
        say(f"run {run['run_id']} on {fields} {_SAID[Wish(document['asked'])]}")
