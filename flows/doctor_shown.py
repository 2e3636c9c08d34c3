"""How a person sees what the doctor found: a table a section, and below each line what to do."""

from typing import Any

from rich.table import Table
from rich.text import Text

from flows.screen import STYLES, console, say
from reseal.doctor.diagnosis import Section

_TITLES = {
    Section.VERSIONS: "Versions",
    Section.SETTINGS: "Settings, and where they come from",
    Section.REACH: "In reach",
    Section.RIGHTS: "Rights of the role",
}


def show_diagnosis(document: dict[str, Any]) -> None:
    """Show every line by section and verdict, what it is for, and what to do."""
    for section, title in _TITLES.items():
        console.print(Text(title, style="bold"))
        table = Table.grid(padding=(0, 2))
        for line in document[section.value]:
            verdict = Text(line["verdict"], style=STYLES[line["verdict"]])
            table.add_row(verdict, Text(line["name"]), _said(line))
        console.print(table)
    if not document["exit_code"]:
        say(document["message"])


def _said(line: dict[str, str]) -> Text:
    more = [line[word] for word in ("source", "purpose", "field") if word in line]
    said = Text(line["value"] + (f" ({'; '.join(more)})" if more else ""))
    return said.append(f"\n{line['remedy']}") if line["remedy"] else said
