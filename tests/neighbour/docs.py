"""Make docs/neighbour.md: `python -m tests.neighbour.docs FILE… [--to DIR]`.

Each file holds what `--out` wrote. Of several, what a later one has replaces what an earlier one
has of the same case; so docs/neighbour.json alone makes the page again.
"""

import argparse
import json
import sys
from pathlib import Path
from string import Template
from typing import Any

from tests.bench.page import machine_of
from tests.neighbour import plot
from tests.neighbour.said import of_logins, of_reactions, of_rounds, of_stages, verdicts

DOCS = Path(__file__).resolve().parents[2] / "docs"
TEMPLATE = Path(__file__).with_name("neighbour.md")
Document = dict[str, Any]


def main() -> int:
    """Write the page, its plot, and all figures."""
    given = _parser().parse_args()
    write(together([json.loads(file.read_text()) for file in given.files]), given.to)
    return 0


def write(document: Document, to: Path) -> None:
    """Write neighbour.md, neighbour.svg and neighbour.json into a directory."""
    (to / "neighbour.md").write_text(made_of(document))
    plot.draw(document["logins"], to / "neighbour.svg")
    (to / "neighbour.json").write_text(json.dumps(document, indent=1) + "\n")


def together(documents: list[Document]) -> Document:
    """Return one document of several, which need not be of as many rows."""
    found, troubled = documents[0], documents[0]["rows"]
    for one in documents:
        # The other settings are said of the logins alone.
        found = {**found, **one} if one["logins"] else found
        troubled = one.get("troubled_rows", one["rows"]) if one["reactions"] else troubled
    found = {**found, "troubled_rows": troubled}
    for part in ("logins", "reactions"):
        found[part] = {name: case for one in documents for name, case in one[part].items()}
    return found


def made_of(document: Document) -> str:
    """Return the page."""
    logins = document["logins"]
    return Template(TEMPLATE.read_text()).substitute(
        verdicts="\n".join(
            f"- {'Shown' if is_so else '**Not shown**'}: {said}."
            for said, is_so in verdicts(document)
        ),
        logins=of_logins(logins),
        stages=of_stages(logins),
        each_round=of_rounds(logins),
        reactions=of_reactions(document["reactions"]),
        rate=f"{document['rate']:g}",
        rows=f"{document['rows']:,}",
        troubled_rows=f"{document['troubled_rows']:,}",
        seconds=f"{document['seconds']:g}",
        rounds=max(len(one["rounds"]) for one in logins.values()),
        machine=machine_of(document),
        date=document["date"],
        load=document["machine"]["load"],
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.neighbour.docs", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--to", type=Path, default=DOCS, help="the directory; default docs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
