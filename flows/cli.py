"""The `reseal` command line: flags in, one document and an exit code out."""

import sys

import typer

from flows import (
    audit,
    backups,
    evidence,
    fleet,
    health,
    keys,
    looking,
    pooling,
    quarantine,
    scoring,
    serve,
    wishing,
    working,
)
from flows.flags import Panel
from flows.lines import begin, complain
from reseal.errors import (
    ConfigurationError,
    FieldBusy,
    Refused,
    ShelfUnreachable,
    Unreachable,
)
from reseal.outcome import WRONG_USE, Outcome
from reseal.unexpected import scrubbed

app = typer.Typer(
    help="Encrypt the MFA secrets of a live PostgreSQL in place, and keep them verifiable.",
    epilog="Begin with `reseal init` and `reseal doctor`. `reseal COMMAND --help` says what a "
    "command writes. Exit codes and what to do: docs/runbook.md",
    pretty_exceptions_enable=False,
    # So that a paragraph of help is wrapped as a whole, and a bracket is a bracket.
    rich_markup_mode="markdown",
)

# What typer makes of a Ctrl-C that no run has taken for a wish to stop.
_CTRL_C = 130

looking.register(app)
working.register(app)
app.command(rich_help_panel=Panel.LOOK)(scoring.score)
health.register(app)
pooling.register(app)
wishing.register(app)
serve.register(app)
fleet.register(app)
for name, group in (
    ("keys", keys.app),
    ("backup", backups.app),
    ("quarantine", quarantine.app),
    ("evidence", evidence.app),
    ("audit", audit.app),
):
    app.add_typer(group, name=name, rich_help_panel=Panel.KEEP)


def main() -> int:
    """Run the command line and return the exit code; every error is one sentence."""
    try:
        begin()
        # Not standalone: the code of typer.Exit is returned, and what is wrong with the words of
        # the command is raised.
        code = app(sys.argv[1:] or ["--help"], "reseal", standalone_mode=False) or 0
        return _stopped() if code == _CTRL_C else int(code)
    except typer.Abort:
        return _stopped()
    except typer.TyperException as error:
        return _complain(_wrong(error), WRONG_USE)
    except (ConfigurationError, Unreachable, ShelfUnreachable) as error:
        return _complain(str(error), WRONG_USE)
    except (Refused, FieldBusy) as error:
        return _complain(str(error), Outcome.REFUSED.exit_code)
    except Exception as error:
        return _complain(str(scrubbed(error)), Outcome.FAILED.exit_code)


def _wrong(error: typer.TyperException) -> str:
    """Say what is wrong with the words of a command, and whose help to read."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "reseal"
    # Of a command that has others below typer has shown the help, and says nothing.
    said = error.format_message().rstrip(".") or "name one of these commands"
    return f"{said}; see `{path} --help`"


def _stopped() -> int:
    return _complain(
        "stopped at the keyboard; what was committed stands", Outcome.STOPPED.exit_code
    )


def _complain(text: str, code: int) -> int:
    complain(text)
    return code
