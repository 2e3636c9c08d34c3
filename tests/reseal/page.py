"""A page taken apart, as a browser reads it."""

from collections import Counter
from html.parser import HTMLParser

_VOID = frozenset({"meta", "link", "br", "img", "hr", "input"})


class Page(HTMLParser):
    """A page taken apart: its elements, their ids, and what it refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.ids: list[str] = []
        self.refers: list[str] = []
        self.headings: list[str] = []
        self.unlabelled: list[str] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        self.elements[tag] += 1
        self.ids += [named["id"] or ""] if "id" in named else []
        self.refers += [
            named[name] or "" for name in ("href", "src", "xlink:href") if name in named
        ]
        if tag == "th" and "scope" not in named:
            self.unlabelled.append(tag)
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("h1", "h2", "h3"):
            self.headings.append(self._open[-1])
        self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())
