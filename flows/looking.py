"""The commands that look and write nothing but reseal.toml: init, discover, doctor and so on."""

from typing import Annotated

import typer

from flows import beginning, readers
from flows.asking import at_terminal
from flows.beginning import Wishes
from flows.flags import ConfigPath, Fields, Json, Panel, print_document
from flows.looking_shown import show_checks, show_discovery, show_status
from flows.refusal import refused_by
from reseal.errors import ConfigurationError, Refused
from reseal.outcome import WRONG_USE


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (init, discover, doctor, check):
        app.command(rich_help_panel=Panel.BEGIN)(command)
    app.command(rich_help_panel=Panel.LOOK)(status)


def init(
    table: Annotated[str | None, typer.Option(help="schema.table, where none is found.")] = None,
    column: Annotated[str | None, typer.Option(help="The column that holds secrets.")] = None,
    application: Annotated[
        str | None, typer.Option(metavar="ROLE", help="The applications' database role.")
    ] = None,
    base_backups_kept_days: Annotated[
        int | None,
        typer.Option(metavar="DAYS", help="How long backups of the database are kept; 0: none."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Write over a reseal.toml that is there.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nothing; take every column that is found.")
    ] = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Write a reseal.toml for the columns that look like MFA secrets.

    At a terminal it asks what neither a flag nor the environment says. Writes that file alone.
    """
    wishes = Wishes(table, column, application, base_backups_kept_days, overwrite)
    asking = None if yes or as_json else at_terminal()
    print_document(beginning.init(config, wishes, asking), as_json, beginning.show_init)


def discover(config: ConfigPath = None, as_json: Json = False) -> None:
    """Look through the whole database for MFA secrets, copies of them, and what is protected.

    Nothing is written.
    """
    print_document(readers.discover(config), as_json, show_discovery)


def doctor(config: ConfigPath = None, as_json: Json = False) -> None:
    """Say what is installed, set, in reach and granted, and what to do where it is not well.

    Nothing is written. It looks at everything by itself, whatever else is broken; no password and
    no key is shown.
    """
    from flows.doctor import examine
    from flows.doctor_shown import show_diagnosis

    found = examine(config)
    print_document(found.as_dict(), as_json, show_diagnosis)
    if found.exit_code:
        kind = ConfigurationError if found.exit_code == WRONG_USE else Refused
        raise kind(found.sentence())


def check(fields: Fields = None, config: ConfigPath = None, as_json: Json = False) -> None:
    """Look at everything that a run depends on: table by table, key by key.

    Nothing is written.
    """
    report = readers.check(config, fields or [])
    print_document(report.as_dict(), as_json, show_checks)
    if report.refused:
        raise refused_by(report)


def status(config: ConfigPath = None, as_json: Json = False) -> None:
    """Show each field's census, the keys and the latest runs.

    Nothing is written.
    """
    print_document(readers.status(config), as_json, show_status)
