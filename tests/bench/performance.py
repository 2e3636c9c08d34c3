"""Make docs/performance.md: `python -m tests.bench.performance FILE… [--to DIR]`.

Each file holds what `--out` wrote, or several of those, as docs/performance.json does; so that
file alone makes the page again.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tests.bench import page, plot

DOCS = Path(__file__).resolve().parents[2] / "docs"


def main() -> int:
    """Write the page, its plot, and all figures."""
    given = _parser().parse_args()
    write([document for file in given.files for document in _documents(file)], given.to)
    return 0


def write(documents: list[dict[str, Any]], to: Path) -> None:
    """Write performance.md, performance.svg and performance.json into a directory."""
    (to / "performance.md").write_text(page.made_of(documents))
    plot.draw(page.titled(documents), to / "performance.svg")
    (to / "performance.json").write_text(json.dumps(documents, indent=1) + "\n")


def _documents(file: Path) -> list[dict[str, Any]]:
    found = json.loads(file.read_text())
    return found if isinstance(found, list) else [found]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.performance", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--to", type=Path, default=DOCS, help="the directory; default docs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
