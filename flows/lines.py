"""Standard error of a command: what a person reads, or with RESEAL_LOG=json lines of JSON only."""

import logging
import sys

from flows import screen
from reseal import about, logs
from reseal.logs import Style
from reseal.settings import log_style

_log = logging.getLogger("reseal.command")


def begin() -> None:
    """Set up log lines before a command does anything, under an id of its own."""
    style = log_style()
    about.begin_command()
    logs.set_up(style)
    if style is Style.JSON:
        screen.be_quiet()


def complain(text: str) -> None:
    """Say in one sentence why a command ends without having done what it should."""
    if screen.console.quiet:
        _log.error("%s", text)
    else:
        sys.stderr.write(f"reseal: {text}\n")
