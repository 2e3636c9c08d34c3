"""Make Data Docs self-contained: what they load from other hosts goes, one small style comes in.

As Great Expectations writes them, they load styles and scripts from five hosts, and a logo whose
address tells its makers that the page was opened.
"""

import re
import shutil
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

# Even if something slipped through, a browser loads nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
HEAD = '<meta http-equiv="Content-Security-Policy" content="{}"><style>{}</style>'

_WITH_CONTENT = {"script", "style", "iframe", "object", "button", "footer", "title"}
_WITHOUT_CONTENT = {"link", "img", "base", "embed", "source"}
_ATTRIBUTES = re.compile(
    r"(id|class|title|role|hidden|name|content|charset|colspan|rowspan|type|checked|data-search"
    r"|aria-[a-z]+)\Z"
)
_FAILED = ("times text-danger", "Failed")
_ELSEWHERE = re.compile(r"\s*([a-z][a-z0-9+.-]*:|[/\\])", re.IGNORECASE)


def enclose(docs: Path, *, success: bool) -> None:
    """Rewrite the pages of a site so that they load nothing, and fill its index."""
    style = Path(__file__).with_name("data_docs.css").read_text(encoding="utf-8")
    for page in docs.rglob("*.html"):
        # Line endings as they are: a page is part of the evidence.
        page.write_bytes(clean(page.read_text(encoding="utf-8"), style).encode())
    shutil.rmtree(docs / "static", ignore_errors=True)
    index = docs / "index.html"
    index.write_bytes(_filled(index.read_text(encoding="utf-8"), docs, success=success).encode())


def clean(page: str, style: str) -> str:
    """Return a page without anything that loads, runs or leads elsewhere."""
    cleaner = _Cleaner(HEAD.format(POLICY, style))
    cleaner.feed(page)
    cleaner.close()
    return re.sub(r"\n\s*\n+", "\n", "".join(cleaner.kept))


class _Cleaner(HTMLParser):
    def __init__(self, head: str) -> None:
        super().__init__(convert_charrefs=False)
        self.kept: list[str] = []
        self._head = f"<title>Reseal: what was expected</title>{head}"
        # The element that is being left out, and how deep in elements of its own kind.
        self._out: tuple[str, int] = ("", 0)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name, depth = self._out
        if depth:
            self._out = (name, depth + (tag == name))
        elif tag in _WITH_CONTENT:
            self._out = (tag, 1)
        elif tag in _WITHOUT_CONTENT:
            # What stands for an image where it is not shown.
            self._keep(escape(dict(attrs).get("alt") or ""))
        else:
            self._keep(f"<{tag}{''.join(_kept(attrs))}>")
            self._keep(self._head if tag == "head" else "")

    def handle_endtag(self, tag: str) -> None:
        name, depth = self._out
        if depth:
            self._out = (name, depth - (tag == name))
        elif tag not in _WITHOUT_CONTENT | _WITH_CONTENT:
            self._keep(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._keep(data)

    def handle_entityref(self, name: str) -> None:
        self._keep(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._keep(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self._keep(f"<!{decl}>")

    def _keep(self, text: str) -> None:
        if not self._out[1]:
            self.kept.append(text)


def _kept(attributes: list[tuple[str, str | None]]) -> Iterator[str]:
    for name, value in attributes:
        local = name == "href" and not _ELSEWHERE.match(value or "")
        if local or _ATTRIBUTES.match(name):
            yield f' {name}="{escape(value or "")}"'


def _filled(index: str, docs: Path, *, success: bool) -> str:
    """Fill the index's two tables, which scripts would have filled."""
    mark, word = ("check-circle text-success", "Succeeded") if success else _FAILED
    tables = iter(
        [
            _table(docs, "validations", f'<td><i class="fas fa-{mark}"></i> {word}</td>'),
            _table(docs, "expectations", ""),
        ]
    )
    return re.sub("</table>", lambda end: next(tables, "") + end.group(), index)


def _table(docs: Path, folder: str, cell: str) -> str:
    paths = sorted(page.relative_to(docs) for page in (docs / folder).rglob("*.html"))
    rows = "".join(
        f'<tr>{cell}<td><a href="{quote(path.as_posix())}">'
        f"{escape(' / '.join(path.with_suffix('').parts[1:]))}</a></td></tr>"
        for path in paths
    )
    return f"<caption>{folder.capitalize()}</caption>{rows}"
