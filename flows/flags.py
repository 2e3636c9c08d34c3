"""The flags that several commands share, and how a command prints what it found."""

import json
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.completing import field_names
from reseal.approval.answer import MOST_SECONDS
from reseal.errors import ConfigurationError

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
ConfigPath = Annotated[
    Path | None, typer.Option("--config", help="reseal.toml; default RESEAL_CONFIG.")
]
Safe = Annotated[bool, typer.Option("--safe", help="One worker, which no login is to feel.")]
Aggressive = Annotated[bool, typer.Option("--aggressive", help="All cores, no rests.")]
SkipRefused = Annotated[
    bool, typer.Option("--skip-refused", help="Go on with the fields that preflight passed.")
]
AssumeReadersReady = Annotated[
    bool, typer.Option("--assume-readers-ready", help="Go on though no application reported.")
]
RequireApproval = Annotated[
    bool,
    typer.Option(
        "--require-approval",
        help="Show the plan and wait for a person before the first write; see `reseal approve`.",
    ),
]
ApprovalTimeout = Annotated[
    int | None,
    typer.Option(
        "--approval-timeout", metavar="SECONDS", help="How long to wait for her; default a day."
    ),
]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        help="A field of reseal.toml; repeat for more.",
        autocompletion=field_names,
    ),
]

DoneBy = Annotated[
    str | None,
    typer.Option(
        "--done-by",
        metavar="WHEN",
        help="A date and time, such as 2026-12-24T05:00; a run that will be late says so.",
    ),
]


class Panel(StrEnum):
    """Under which heading `reseal --help` shows a command."""

    BEGIN = "Begin"
    RUN = "Seal, rotate, undo"
    LOOK = "Look"
    AT_WORK = "A run that is at work"
    KEEP = "Keys and records"
    PREFECT = "Prefect"


Show = Callable[[dict[str, Any]], None]


def print_document(document: dict[str, Any], as_json: bool, show: Show) -> None:
    """Print a document on standard output, or show it to a person on standard error."""
    if as_json:
        sys.stdout.write(json.dumps(document, default=str) + "\n")
    else:
        show(document)


def print_ended(document: dict[str, Any], as_json: bool, show: Show) -> None:
    """Print what something came to, and end the command with the exit code that it says."""
    print_document(document, as_json, show)
    if document["exit_code"]:
        raise typer.Exit(document["exit_code"])


def approval_options(is_required: bool, seconds: int | None) -> dict[str, Any]:
    """Return the options of a flow that say whether a person is waited for, and how long."""
    if seconds is None:
        return {"require_approval": is_required}
    if not is_required:
        raise ConfigurationError("--approval-timeout goes with --require-approval")
    if not 1 <= seconds <= MOST_SECONDS:
        raise ConfigurationError(
            f"--approval-timeout must be a number of seconds from 1 to {MOST_SECONDS}"
        )
    return {"require_approval": True, "approval_seconds": seconds}
