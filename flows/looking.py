"""The commands that look and write nothing but reseal.toml: init, discover, check, status."""

from typing import Annotated

import typer

from flows import readers
from flows.flags import ConfigPath, Fields, Json, Panel, print_document
from reseal.errors import Refused


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (init, discover, check):
        app.command(rich_help_panel=Panel.BEGIN)(command)
    app.command(rich_help_panel=Panel.LOOK)(status)


def init(
    table: Annotated[str | None, typer.Option(help="schema.table, where none is found.")] = None,
    column: Annotated[str | None, typer.Option(help="The column that holds secrets.")] = None,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Write a reseal.toml for the columns that look like MFA secrets."""
    print_document(readers.init(config, table, column), as_json, readers.show_init)


def discover(config: ConfigPath = None, as_json: Json = False) -> None:
    """Look through the whole database for MFA secrets, copies of them, and what is protected.

    Nothing is written.
    """
    print_document(readers.discover(config), as_json, readers.show_discovery)


def check(fields: Fields = None, config: ConfigPath = None, as_json: Json = False) -> None:
    """Look at everything that a run depends on: table by table, key by key.

    Nothing is written.
    """
    document = readers.check(config, fields or [])
    print_document(document, as_json, readers.show_checks)
    if document["verdict"] == "refuse":
        raise Refused(readers.refusal(document))


def status(config: ConfigPath = None, as_json: Json = False) -> None:
    """Show each field's census, the keys and the latest runs.

    Nothing is written.
    """
    print_document(readers.status(config), as_json, readers.show_status)
