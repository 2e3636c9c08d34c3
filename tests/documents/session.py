"""`make session`: the demonstration as a terminal shows it, for the README.

It writes docs/demo.svg, made by rich of what the real command said, and the same as docs/demo.txt.
"""

import os
import re
import sys
import tempfile
from io import StringIO
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.text import Text

from tests.documents import terminal

DOCS = Path(__file__).parents[2] / "docs"
SVG, TEXT = DOCS / "demo.svg", DOCS / "demo.txt"
ROWS = 20_000
PROMPT = f"$ .venv/bin/reseal demo --rows {ROWS}"
# What the screen has in place of the directory in which this was recorded.
_SHOWN = "/srv/reseal"
_COLUMNS = 116
_FONT = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
_HANDED_ON = ("PATH", "HOME", "LANG", "PYTHONPATH", "TMPDIR")


def main() -> None:
    """Record the demonstration and write both files."""
    variables = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    variables |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    with tempfile.TemporaryDirectory(prefix="reseal-session-") as name:
        Path(name).chmod(0o755)
        command = [sys.executable, "-m", "reseal.command", "demo", "--rows", str(ROWS)]
        said = terminal.run(command, Path(name), variables, _COLUMNS).replace(name, _SHOWN)
    write(f"{PROMPT}\n{said}")


def write(said: str) -> None:
    """Write what a terminal showed as a picture and as text."""
    console = Console(record=True, width=_COLUMNS, file=StringIO(), highlight=False)
    for line in AnsiDecoder().decode(said):
        console.print(line)
    picture = console.export_svg(title="reseal demo", unique_id="demo")
    # A page that shows it fetches no font from elsewhere.
    SVG.write_text(_FONT.sub("", picture), encoding="utf-8")
    plain = [Text.from_ansi(line).plain.rstrip() for line in said.splitlines()]
    TEXT.write_text("\n".join(plain) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
