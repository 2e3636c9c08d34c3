"""docs/commands.md: every command with its arguments and options, as `--help` knows them."""

from collections.abc import Iterator
from enum import Enum
from typing import Any

import typer

from flows.cli import app

_HEAD = """# Commands

Made from the code by `make pages`; a test compares them. `reseal COMMAND --help` says the same.

Every command takes `--config FILE` (default `RESEAL_CONFIG`, or `reseal.toml` in the working
directory) and `--json`: one document on standard output, everything else on standard error; they
are left out below. Exit codes are in the [runbook](runbook.md#exit-codes).

`reseal --install-completion` lets the shell complete commands, flags, the fields of `reseal.toml`
and the ids of runs whose record is in a directory here; it asks no database. `--show-completion`
prints what that would add to the shell's start-up file. Colours and progress bars are for a
terminal alone, and `NO_COLOR` leaves the colours out there, too.
"""
_EVERYWHERE = {"config", "as_json", "help"}


def page() -> str:
    """Return the whole page."""
    sections = (_section(words, command) for words, command in leaves())
    return "\n".join([_HEAD, *sections])


def leaves() -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, by the words that call it."""
    yield from _leaves("reseal", typer.main.get_command(app))


def _leaves(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        yield words, command
        return
    for name, below in command.commands.items():
        yield from _leaves(f"{words} {name}", below)


def _section(words: str, command: Any) -> str:
    said = " ".join((command.help or "").split())
    own = [one for one in command.params if one.name not in _EVERYWHERE]
    rows = [f"| `{_spelled(one)}` | {_meaning(one)} |\n" for one in own]
    table = f"\n| | |\n| --- | --- |\n{''.join(rows)}" if rows else ""
    return f"## `{words}`\n\n{said}\n{table}"


def _spelled(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = parameter.metavar or parameter.name.upper()
        return str(name).replace("|", " or ")
    if parameter.is_flag:
        return str(parameter.opts[0])
    return f"{parameter.opts[0]} {parameter.metavar or _value(parameter.bare_type)}"


def _value(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "CLASS"
    return "NUMBER" if kind is int else "TEXT"


def _meaning(parameter: Any) -> str:
    said = " ".join((parameter.help or "").split())
    kind = parameter.bare_type
    if parameter.required and parameter.param_type_name == "option":
        said += " Needed."
    if isinstance(kind, type) and issubclass(kind, Enum):
        said += f" One of {', '.join(one.value for one in kind)}."
    if kind is int and isinstance(parameter.default, int):
        said += f" Default {parameter.default:,}."
    return said.replace("|", "\\|")
