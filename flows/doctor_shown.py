"""How a person sees what the doctor found: a table a section, and below each line what to do."""

from typing import Any

from rich.text import Text

from flows.screen import console, print_verdicts, say
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
        lines = document[section.value]
        print_verdicts((line["verdict"], line["name"], _said(line)) for line in lines)
    if not document["exit_code"]:
        say(document["message"])


def _said(line: dict[str, str]) -> str:
    more = [line[word] for word in ("source", "purpose", "field") if word in line]
    said = line["value"] + (f" ({'; '.join(more)})" if more else "")
    return f"{said}\n{line['remedy']}" if line["remedy"] else said
