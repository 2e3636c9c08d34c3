"""How log lines look: JSON for a machine or text for a person, each with its correlation id.

The library only asks for its loggers; commands, flows and worker processes set them up here.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from enum import StrEnum

from reseal import about


class Style(StrEnum):
    """What RESEAL_LOG asks for."""

    JSON = "json"
    """A JSON object a line, and nothing else on standard error."""
    CONSOLE = "console"


# Of what was raised only the type is told: the text of a foreign error can quote a value.
def _raised(record: logging.LogRecord) -> str | None:
    kind = record.exc_info[0] if record.exc_info else None
    return kind.__name__ if kind else None


class JsonLines(logging.Formatter):
    """Spell a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        words = about.said()
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "correlation": str(about.correlation()),
            **{name: words[name] for name in about.WORDS if name in words},
            "process": record.process,
            "message": record.getMessage(),
        }
        raised = _raised(record)
        return json.dumps(line | ({"raised": raised} if raised else {}))


class Console(logging.Formatter):
    """Spell a record for a person."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        words = about.said()
        told = [words[name] for name in ("flow", "field", "stage") if name in words]
        at = f"{datetime.fromtimestamp(record.created, UTC):%H:%M:%S}"
        where = " ".join([str(about.correlation()), *told])
        # One record is one line, whatever somebody has named a table.
        text = record.getMessage().replace("\n", " ")
        raised = _raised(record)
        return f"{at} {record.levelname:7} [{where}] {text}" + (f" ({raised})" if raised else "")


class Lines(logging.StreamHandler):  # type: ignore[type-arg]
    """What writes to standard error, as that is at the time."""

    def __init__(self, style: Style) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(JsonLines() if style is Style.JSON else Console())


def set_up(style: Style | None) -> None:
    """Set up this process's log lines; None is text, and of that only what warns.

    May be called again, once somebody else has set up lines of their own.
    """
    lines, ours = Lines(style or Style.CONSOLE), logging.getLogger("reseal")
    ours.handlers[:] = [lines]
    ours.setLevel(logging.INFO if style else logging.WARNING)
    ours.propagate = False
    if style is Style.JSON:
        _take_over(lines)


def _take_over(lines: Lines) -> None:
    """Have whoever writes to standard error write as we do."""
    known = logging.Logger.manager.loggerDict.values()
    loggers = [logger for logger in known if isinstance(logger, logging.Logger)]
    for logger in [logging.getLogger(), *loggers]:
        logger.handlers[:] = [lines if _writes(each) else each for each in logger.handlers]


def _writes(handler: logging.Handler) -> bool:
    is_stream = isinstance(handler, logging.StreamHandler)
    return is_stream and not isinstance(handler, logging.FileHandler)
