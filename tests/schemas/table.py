"""The table in docs/schemas.md, made of the definitions; `python -m tests.schemas` writes it."""

from collections.abc import Iterator
from pathlib import Path

from tests.schemas.refused import HIDDEN, REFUSED
from tests.schemas.suite import GROUPS

DOCUMENT = Path(__file__).parents[2] / "docs" / "schemas.md"
BEGIN = "<!-- made by python -m tests.schemas -->"


def rendered(text: str) -> str:
    """The document with the tables made anew; what stands before them is written by hand."""
    return text[: text.index(BEGIN)] + "\n".join([BEGIN, *_lines()]) + "\n"


def _lines() -> Iterator[str]:
    for title, schemas in GROUPS.items():
        yield from ("", f"## {title}", "", "| What | | How | Table |", "|---|---|---|---|")
        for schema in schemas:
            told = f"handled; told by {_names(schema.told)}" if schema.told else "handled"
            yield _row(schema.what, told, schema.how, f"`{schema.name}`")
    yield from ("", "## Refused", "", "| What | Refused by | Why, and what to do | Table |")
    yield "|---|---|---|---|"
    for table in (*REFUSED, HIDDEN):
        yield _row(table.what, f"`{table.check}`", table.why, f"`{table.name}`")


def _names(checks: tuple[str, ...]) -> str:
    return ", ".join(f"`{check}`" for check in checks)


def _row(*cells: str) -> str:
    shown = (cell[0].upper() + cell[1:] if cell[0].isalpha() else cell for cell in cells)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in shown) + " |"
