"""What a person at a terminal sees: sentences and tables.

Everything goes to standard error, so that `--json` has standard output to itself.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

console = Console(stderr=True, highlight=False)
# For tables that hold run ids: a narrower terminal wraps a line, where rich would cut it off.
_wide_console = Console(stderr=True, highlight=False, width=200)

_STYLES = {"ok": "green", "pass": "green", "warn": "yellow", "unknown": "magenta"}
_AGAINST = "bold red"
_COUNTS = ("rows", "empty", "plain", "foreign", "unrecognised")


def be_quiet() -> None:
    """Show nothing: who reads lines of JSON reads no tables in between."""
    console.quiet = _wide_console.quiet = True


def say(text: str) -> None:
    """Say what happens next, or how it ended."""
    console.print(text, markup=False, soft_wrap=True)


def print_rows(rows: list[dict[str, Any]]) -> None:
    """Print rows as a table under the names of their columns; nothing where there is none."""
    if not rows:
        return
    table = Table(box=None, padding=(0, 1), header_style="dim")
    for heading, first in rows[0].items():
        # Nothing is cut off: what is printed is what the next command is given.
        table.add_column(heading, justify="right" if _is_count(first) else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(cell(value)) for value in row.values()))
    _wide_console.print(table)


def print_verdicts(rows: Iterable[tuple[str, str, str]]) -> None:
    """Print a line for each verdict, in its colour: what it is of, and what is said."""
    table = Table.grid(padding=(0, 2))
    for verdict, name, said in rows:
        table.add_row(Text(verdict, style=_STYLES.get(verdict, _AGAINST)), Text(name), Text(said))
    console.print(table)


def census_cells(census: dict[str, Any]) -> dict[str, Any]:
    """Return what a census has in the cells of a row."""
    sealed = ", ".join(f"{rows:,} (v{version})" for version, rows in census["sealed"].items())
    return {**{word: census[word] for word in _COUNTS}, "sealed": sealed or "0"}


def cell(value: Any) -> str:
    """Return a value as it stands in a table; None leaves its place empty."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:,}" if _is_count(value) else str(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int)
