"""The kinds of text that an attribute meets: as it is stored, opened, about to be written."""

from dataclasses import dataclass
from typing import Any

from reseal.place import KeyPart


@dataclass(frozen=True, slots=True)
class Row:
    """One row's secret among all models: the field as Django names it, and the row's key."""

    field: str
    key: tuple[KeyPart, ...]


class Stored(str):
    """A text as the column holds it: an envelope, a mark of one kept aside, or legacy plaintext.

    `is_written` says that the database holds it as far as the instance knows. `opened` is what
    reading it gave, and is left out where an instance is pickled or copied deeply.
    """

    __slots__ = ("is_written", "opened")

    is_written: bool
    opened: "Opened | None"

    def __new__(cls, text: str, is_written: bool = True) -> "Stored":
        """Hold a text; `is_written` False has the next save write it."""
        made = super().__new__(cls, text)
        made.is_written = is_written
        made.opened = None
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return Stored, (str(self), self.is_written)

    def settle(self) -> None:
        """Note that a transaction which wrote it was committed."""
        self.is_written = True


class Cleared:
    """No secret where there was one, or may have been; NULL as it was loaded is plain None."""

    def __init__(self) -> None:
        self.is_written = False

    def settle(self) -> None:
        """Note that a transaction which wrote it was committed."""
        self.is_written = True


class Opened(str):
    """A secret in the clear, for the package that verifies with it.

    It knows the row that it was read from and its stored form, so that assigning it to that row
    again, as `refresh_from_db` and forms do, changes nothing. A traceback shows a mask.
    """

    __slots__ = ("row", "stored")

    row: Row | None
    stored: Stored

    @classmethod
    def of(cls, plain: str, stored: Stored, row: Row | None) -> "Opened":
        """Hold what reading `stored` in `row` gave."""
        made = cls(plain)
        made.row, made.stored = row, stored
        return made

    def __repr__(self) -> str:
        return "Opened(***)"

    def __reduce__(self) -> tuple[Any, ...]:
        return str, (str(self),)


class AsItStands(str):
    """A text for the column about which everything is decided; it goes into the statement as is."""

    __slots__ = ()
