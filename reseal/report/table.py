"""Tables of the page: what stands in a cell, and how it is to be read."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reseal.report import words


class Tone(StrEnum):
    """How a word on the page is meant; it stands in the words, too, and the colour only helps."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of a cell; a number stands to the right, code in a fixed width."""

    text: str
    tone: Tone | None = None
    is_number: bool = False
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption; the first cell of each row names the row."""

    caption: str
    heading: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def is_number(self, column: int) -> bool:
        """Whether a column holds numbers."""
        return any(row[column].is_number for row in self.rows)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page under a heading; `said` is what stands above its tables."""

    name: str
    title: str
    tables: tuple[Table, ...]
    said: str = ""


def text(given: Any) -> Cell:
    """Make a cell of whatever a stage wrote down."""
    return Cell(words.told(given))


def code(given: Any) -> Cell:
    """Make a cell of a name or digest."""
    return Cell(str(given) if given else words.NONE, is_code=bool(given))


def number(given: int | float | None, spelled: str | None = None) -> Cell:
    """Make a cell of a number, spelled with thousands separators unless told otherwise."""
    if given is None:
        return Cell(words.NONE, is_number=True)
    return Cell(spelled or words.told(given), is_number=True)


def verdict(is_true: bool, yes: str = "yes", no: str = "no") -> Cell:
    """Make a cell of what is good if it is so."""
    return Cell(yes, Tone.GOOD) if is_true else Cell(no, Tone.BAD)


def listing(caption: str, pairs: Iterable[tuple[str, Cell]]) -> Table:
    """Make a table of names and what they are."""
    rows = tuple((Cell(name), cell) for name, cell in pairs)
    return Table(caption, ("", ""), rows)
