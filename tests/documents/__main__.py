"""`make pages`: write what of docs/ is made from the code."""

from pathlib import Path

from tests.documents import checks, commands, picture, reference

DOCS = Path(__file__).parents[2] / "docs"
MADE = {
    DOCS / "checks.md": checks.page,
    DOCS / "commands.md": commands.page,
    DOCS / "configuration.md": reference.page,
    DOCS / "flow.svg": picture.draw,
}


def main() -> None:
    """Write each file anew."""
    for path, make in MADE.items():
        path.write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
