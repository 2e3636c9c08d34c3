"""What a page of Markdown has: headings, links, blocks of code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w*|\{toctree\})[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,4} (.+)$", re.MULTILINE)
_SPAN = re.compile(r"`[^`\n]+`")


@dataclass(frozen=True)
class Page:
    """One file of Markdown, or a section of it."""

    path: Path
    text: str

    @classmethod
    def read(cls, path: Path) -> "Page":
        """Read a file."""
        return cls(path, path.read_text(encoding="utf-8"))

    def section(self, title: str) -> "Page":
        """Return what stands under a heading of the second level."""
        found = re.search(
            rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", self.text, re.DOTALL | re.MULTILINE
        )
        if found is None:
            raise ValueError(f"{self.path.name} has no section {title}")
        return Page(self.path, found[1])

    @property
    def prose(self) -> str:
        """Return what is outside of the blocks of code."""
        return _FENCE.sub("", self.text)

    def blocks(self, language: str) -> list[str]:
        """Return the blocks of code that are marked as of a language."""
        return [text for name, text in _FENCE.findall(self.text) if name == language]

    def spans(self) -> list[str]:
        """Return the code within lines; a span may go on in the next line."""
        paragraphs = re.split(r"\n\s*\n", self.prose)
        joined = (re.sub(r"\n\s*", " ", text) for text in paragraphs)
        return [span.strip("`") for text in joined for span in _SPAN.findall(text)]

    def anchors(self) -> set[str]:
        """Return the anchors of its headings, as GitHub and the site make them."""
        return {_slug(title) for title in _HEADING.findall(self.prose)}

    def links(self) -> Iterator[tuple[Path, str]]:
        """Yield the file and the anchor that each link within the project leads to."""
        for target in _LINK.findall(_SPAN.sub("", self.prose)):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            yield ((self.path.parent / name).resolve() if name else self.path), anchor


def _slug(title: str) -> str:
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README, RUNBOOK = Page.read(ROOT / "README.md"), Page.read(DOCS / "runbook.md")
PAGES = [
    README,
    *(Page.read(ROOT / name) for name in ("CHANGELOG.md", "CONTRIBUTING.md")),
    *map(Page.read, sorted(DOCS.rglob("*.md"))),
]
