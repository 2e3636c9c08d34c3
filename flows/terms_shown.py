"""What a person sees of a score: how many points each of its terms has, and why."""

from collections.abc import Iterable
from typing import NamedTuple

from rich.table import Table
from rich.text import Text

from flows.screen import console

_FULL, _PART, _NONE, _UNKNOWN = "green", "yellow", "bold red", "magenta"


class Term(NamedTuple):
    """A term of a score: its points, how many there can be, whether anybody knows, and why."""

    points: float
    most: float
    is_known: bool
    name: str
    said: str


def print_terms(terms: Iterable[Term]) -> None:
    """Print a line a term, in a colour that tells how much of it is reached."""
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    for term in terms:
        points = Text(f"{term.points:g} of {term.most}", style=_style(term))
        table.add_row(points, Text(term.name), Text(term.said))
    console.print(table)


def _style(term: Term) -> str:
    if not term.is_known:
        return _UNKNOWN
    if term.points >= term.most:
        return _FULL
    return _PART if term.points else _NONE
