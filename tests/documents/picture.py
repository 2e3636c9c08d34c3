"""docs/flow.svg: the stages of an encryption, as the code of the flow takes them."""

from collections.abc import Iterator
from html import escape
from itertools import pairwise
from typing import NamedTuple

from tests.documents.checks import count
from tests.documents.stages import stages_of

# What a stage changes, which is its colour.
SAID = {
    "preflight": "reads",
    "approval": "waits",
    "prepare": "schema",
    "backup": "own",
    "expect": "reads",
    "encrypt": "rows",
    "validate": "reads",
    "guard": "schema",
    "optimise": "schema",
    "clean": "rows",
    "rollback": "rows",
    "evidence": "own",
}
# Each line has room for some 25 letters.
LINES = {
    "preflight": (f"{count()} checks, each with", "value, limit and remedy"),
    "approval": ("if asked for: a person", "sees the plan, says yes"),
    "prepare": ("room for envelopes, the", "shield, the data key"),
    "backup": ("originals under a key of", "their own, restored and", "compared"),
    "expect": ("what must be true before", "the first row changes"),
    "encrypt": ("row by row into envelopes,", "beside the application"),
    "validate": ("every envelope opened and", "compared; forgeries tried"),
    "guard": ("only envelopes may stand", "in the column"),
    "optimise": ("an index for the login", "query, where it helps"),
    "clean": ("old secrets on disk: found,", "removed, looked for again"),
    "rollback": ("the originals put back,", "where rows still are its own"),
    "evidence": ("signed and chained,", "however the run ended"),
}
_FILLS = {
    "reads": ("#eef2f5", "only looks"),
    "waits": ("#ffffff", "only if asked for"),
    "schema": ("#dbe9f6", "changes the table's definition"),
    "own": ("#e3f1e3", "writes what is Reseal's own"),
    "rows": ("#fbe9cf", "writes rows"),
}
_COLUMNS, _WIDTH, _HEIGHT, _GAP, _MARGIN = 6, 164, 84, 24, 12
_TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
    'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#55606a"/></marker></defs>'
)
_FONT = 'font-family="Helvetica, Arial, sans-serif"'


class Box(NamedTuple):
    """A stage where it is drawn."""

    name: str
    x: int
    y: int

    @property
    def middle(self) -> tuple[int, int]:
        """Return its centre."""
        return self.x + _WIDTH // 2, self.y + _HEIGHT // 2


def draw() -> str:
    """Return the picture as SVG."""
    taken = stages_of("flows.encrypt_secrets", "encrypt_secrets")
    names = [stage.name for stage in taken if not stage.is_branch]
    branch = [stage.name for stage in taken if stage.is_branch]
    # Not a stage of the flow's own: whatever happens, the record is closed.
    boxes = [_box(name, at) for at, name in enumerate([*names, "evidence"])]
    failed = next(box for box in boxes if box.name == "validate")
    aside = [Box(name, failed.x, failed.y + _HEIGHT + _GAP * 2) for name in branch]
    width = 2 * _MARGIN + _COLUMNS * (_WIDTH + _GAP) - _GAP
    height = max(box.y for box in [*boxes, *aside]) + _HEIGHT + 3 * _MARGIN + _GAP
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{_spoken(names, branch)}">',
        _TIP,
        f'<rect width="{width}" height="{height}" fill="white"/>',
        *(line for one, other in pairwise(boxes) for line in _arrow(one, other)),
        *_detour(failed, aside, boxes[-1]),
        *(line for box in [*boxes, *aside] for line in _drawn(box)),
        *_legend(height),
        "</svg>",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _spoken(names: list[str], branch: list[str]) -> str:
    return f"{', '.join(names)}, evidence; where validate fails: {', '.join(branch)}"


def _box(name: str, at: int) -> Box:
    row, column = divmod(at, _COLUMNS)
    x = _MARGIN + column * (_WIDTH + _GAP)
    return Box(name, x, _MARGIN + row * (_HEIGHT + 2 * _GAP))


def _drawn(box: Box) -> Iterator[str]:
    fill, _ = _FILLS[SAID[box.name]]
    dashes = ' stroke-dasharray="5 4"' if SAID[box.name] == "waits" else ""
    middle = box.middle[0]
    yield (
        f'<rect x="{box.x}" y="{box.y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6" '
        f'fill="{fill}" stroke="#55606a"{dashes}/>'
    )
    yield _text(middle, box.y + 24, box.name, 'font-size="15" font-weight="bold"')
    for at, line in enumerate(LINES[box.name]):
        yield _text(middle, box.y + 42 + 14 * at, line, 'font-size="11.5"')


def _text(x: int, y: int, text: str, style: str, anchor: str = "middle") -> str:
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" {_FONT} fill="#1f2429" {style}>'
        f"{escape(text)}</text>"
    )


def _path(d: str) -> str:
    return f'<path d="{d}" fill="none" stroke="#55606a" stroke-width="1.5" marker-end="url(#tip)"/>'


def _arrow(one: Box, other: Box) -> Iterator[str]:
    if one.y == other.y:
        yield _path(f"M{one.x + _WIDTH} {one.middle[1]} H{other.x - 1}")
        return
    between = one.y + _HEIGHT + _GAP
    yield _path(f"M{one.middle[0]} {one.y + _HEIGHT} V{between} H{other.middle[0]} V{other.y - 1}")


def _detour(failed: Box, aside: list[Box], last: Box) -> Iterator[str]:
    for box in aside:
        x = box.middle[0]
        yield _path(f"M{x} {failed.y + _HEIGHT} V{box.y - 1}")
        yield _text(x + 8, box.y - 18, "envelopes do not open", 'font-size="11"', "start")
        yield _path(f"M{box.x + _WIDTH} {box.middle[1]} H{last.middle[0]} V{last.y + _HEIGHT + 1}")


def _legend(height: int) -> Iterator[str]:
    x, y = _MARGIN, height - 2 * _MARGIN
    for fill, said in _FILLS.values():
        yield f'<rect x="{x}" y="{y - 10}" width="16" height="12" fill="{fill}" stroke="#55606a"/>'
        yield _text(x + 22, y, said, 'font-size="11.5"', "start")
        x += 60 + 6 * len(said)
