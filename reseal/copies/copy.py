"""What a search for copies found; names and counts, never a value."""

from dataclasses import dataclass


def spot(*parts: str | None) -> str:
    """Join table, column and path as a person writes them; what is None or empty is left out."""
    return ".".join(part for part in parts if part).replace(".[", "[")


@dataclass(frozen=True, slots=True)
class Copy:
    """A place that holds what a field holds, or what is as good as that.

    `rows` of the `sampled` rows, or of the values of a document, hold it. Of a place that was not
    looked at, `what` says why.
    """

    field: str
    table: str
    column: str
    path: str | None
    what: str
    rows: int
    sampled: int

    @property
    def place(self) -> tuple[str, str, str]:
        """Where it is."""
        return self.table, self.column, self.path or ""

    def seen_from(self, table: str) -> str:
        """Name the place in short for one who looks at that table."""
        shown = spot(None if self.table == table else self.table, self.column, self.path)
        return shown or "the rest of the row"

    def as_dict(self) -> dict[str, object]:
        """Return it as the command line prints it."""
        return {
            "field": self.field,
            "table": self.table,
            "column": self.column,
            "path": self.path,
            "what": self.what,
            "rows": self.rows,
            "sampled": self.sampled,
        }


@dataclass(frozen=True, slots=True)
class Search:
    """The copies that were found, and how many rows with plaintext they were looked for in."""

    copies: tuple[Copy, ...]
    sampled: int
