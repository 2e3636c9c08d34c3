"""What `reseal init` asks a person at a terminal; in a pipe nobody is asked."""

import sys
from typing import Protocol

import typer

from flows.screen import print_rows, say
from reseal.discover import Candidate, unique_names


class Asking(Protocol):
    """The questions that only a person can answer; an empty answer is None."""

    def overwrite(self, path: str) -> bool:
        """Ask whether a file may be written over."""

    def database(self) -> str | None:
        """Ask for the URL of the database."""

    def column(self) -> tuple[str, str]:
        """Ask for a table and its column, as none was found."""

    def chosen(self, found: list[Candidate]) -> list[Candidate]:
        """Ask which of the columns are to be sealed."""

    def application(self) -> str | None:
        """Ask for the database role of the applications."""

    def base_backups_kept_days(self) -> int | None:
        """Ask how long backups of the database are kept."""


class AtTerminal:
    """Ask on standard error, as standard output is for a document."""

    def overwrite(self, path: str) -> bool:
        """Ask whether a file may be written over; no is what an empty answer means."""
        return typer.confirm(f"{path} exists. Write over it?", default=False, err=True)

    def database(self) -> str | None:
        """Ask for the URL of the database, without a password, as it is echoed."""
        say("RESEAL_DATABASE_URL is not set. Leave the password to PGPASSWORD or ~/.pgpass.")
        return _answer("URL of the database (empty: an embedded PostgreSQL, for trying out)")

    def column(self) -> tuple[str, str]:
        """Ask for a table and its column, as none was found."""
        say("No column looks like an MFA secret.")
        return (
            str(typer.prompt("Table, as schema.table", err=True)),
            str(typer.prompt("Column that holds secrets", err=True)),
        )

    def chosen(self, found: list[Candidate]) -> list[Candidate]:
        """Ask of each column that was found; yes is what an empty answer means."""
        names = unique_names(found)
        print_rows(
            [
                {"field": name, "table": f"{one.schema}.{one.table}", "format": one.format}
                for name, one in zip(names, found, strict=True)
            ]
        )
        asked = zip(names, found, strict=True)
        return [one for name, one in asked if typer.confirm(f"Seal {name}?", True, err=True)]

    def application(self) -> str | None:
        """Ask for the database role of the applications."""
        return _answer("Database role of the applications (empty: that of the runs)")

    def base_backups_kept_days(self) -> int | None:
        """Ask how long backups of the database are kept."""
        asked = "For how many days are backups of the database kept, by whomever (empty: not known)"
        while answer := _answer(asked):
            if answer.isdecimal():
                return int(answer)
            say("A number of days, please.")
        return None


def at_terminal() -> AtTerminal | None:
    """Return who asks, if somebody sits there to answer."""
    return AtTerminal() if sys.stdin.isatty() and sys.stderr.isatty() else None


def _answer(question: str) -> str | None:
    said = typer.prompt(question, default="", show_default=False, err=True)
    return str(said).strip() or None
