"""The flags that several commands share, and how a command prints what it found."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
ConfigPath = Annotated[
    Path | None, typer.Option("--config", help="reseal.toml; default RESEAL_CONFIG.")
]
Safe = Annotated[bool, typer.Option("--safe", help="One worker that rests as long as it works.")]
Aggressive = Annotated[bool, typer.Option("--aggressive", help="All cores, no rests.")]
SkipRefused = Annotated[
    bool, typer.Option("--skip-refused", help="Go on with the fields that preflight passed.")
]
AssumeReadersReady = Annotated[
    bool, typer.Option("--assume-readers-ready", help="Go on though no application reported.")
]
Fields = Annotated[
    list[str] | None, typer.Option("--field", help="A field of reseal.toml; repeat for more.")
]

Show = Callable[[dict[str, Any]], None]


def print_document(document: dict[str, Any], as_json: bool, show: Show) -> None:
    """Print a document on standard output, or show it to a person on standard error."""
    if as_json:
        sys.stdout.write(json.dumps(document, default=str) + "\n")
    else:
        show(document)
