"""Secrets that are leaves of a JSON document: found in its own text, and replaced there.

A document is never loaded and dumped again, which would change its numbers, its spaces, its
escapes and its duplicate members. What is not the leaf stays as it is, character by character.
"""

import json
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from reseal.errors import ResealError
from reseal.path import Element, Every, Index, Name, Path, Step

Part = tuple[int, int, str]

# Makes the new text of the old one on the server, which so keeps the rest of the document.
SPLICE = """
(SELECT string_agg(
    substr({cell}, split_part(p, ':', 1)::int, split_part(p, ':', 2)::int)
    || convert_from(decode(split_part(p, ':', 3), 'hex'), 'UTF8'), '' ORDER BY n)
 FROM string_to_table({pieces}, ' ') WITH ORDINALITY AS x (p, n))
"""

_SPACE = " \t\n\r"
# Two escapes that the decoder makes one character of.
_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F]")
_PLAIN = (
    r'(?:"[^"\\\x00-\x1f]*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null)'
)
_SURROGATE = re.compile("[\ud800-\udfff]")
# Numbers stay the text they are: int() refuses more than 4,300 digits.
_decode = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str).raw_decode


class NotADocument(ResealError):
    """The text, or a string that the path leads into, is not JSON."""


class Leaf(NamedTuple):
    """A value of a document and where it stands in the text of the cell.

    `text` is the decoded string, None for null, and for any other value its JSON text. `start`
    and `end` enclose what stands between a string's quotes, or all of another value, counted in
    characters. `depth` is how many pairs of quotes that place is inside: 1 for a string, 0 for
    another value, and one more for each string of JSON around it.
    """

    text: str | None
    is_string: bool
    start: int
    end: int
    depth: int

    def __repr__(self) -> str:
        # Without the text, which can be a secret.
        return f"Leaf({self.start}:{self.end}, is_string={self.is_string}, depth={self.depth})"


def leaves(text: str, path: Path) -> list[Leaf]:
    """Find the leaves that a path leads to, in the order of the document.

    A string on the way is read as the JSON that it holds, if any. Of members with the same name
    each counts. Raises NotADocument; a step that does not fit the document just leads nowhere.
    """
    try:
        return _document(text, path.steps)
    except (ValueError, IndexError, RecursionError):
        # IndexError is how a text that ends too early shows itself.
        pass
    # Out here, because the decoder's error holds the document.
    raise NotADocument("the value, or a string in it that the path leads into, is not JSON")


def escaped(text: str, depth: int) -> str:
    """Spell a text so that it can stand inside that many pairs of quotes."""
    for _ in range(depth):
        quoted = json.dumps(text, ensure_ascii=False)
        # Half of a surrogate pair can be a part of JSON only as an escape.
        text = _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", quoted[1:-1])
    return text


def pieces(length: int, parts: Sequence[Part]) -> str:
    """Spell for SPLICE what replaces each [start, end) of a text of so many characters.

    Each piece is `from:for:hex`: the characters of the old text to keep, as substr() counts them,
    and what follows them, in hexadecimal UTF-8.
    """
    kept = _kept(length, parts)
    return " ".join(f"{start + 1}:{end - start}:{new.encode().hex()}" for start, end, new in kept)


def _kept(length: int, parts: Sequence[Part]) -> Iterator[Part]:
    """Turn what is replaced into what is kept, each with what follows it."""
    kept = 0
    for start, end, new in parts:
        if not kept <= start <= end <= length:
            raise ValueError("parts must be in order, not overlap, and lie inside the text")
        yield kept, start, new
        kept = end
    yield kept, length, ""


def _document(text: str, steps: tuple[Step, ...]) -> list[Leaf]:
    found: list[Leaf] = []
    end = _value(text, _spaced(text, 0), steps, found)
    if text[end:].strip(_SPACE):
        raise ValueError("something follows the document")
    return found


# The functions below read the value, member or mark at a position and return the position after.


def _value(text: str, at: int, steps: tuple[Step, ...], found: list[Leaf]) -> int:
    if not steps:
        return _leaf(text, at, found)
    first, step = text[at], steps[0]
    if first == '"':
        return _string(text, at, steps, found)
    if first == "{" and isinstance(step, Name):
        return _object(text, at, step.text, steps[1:], found)
    if first == "[" and not isinstance(step, Name):
        return _array(text, at, step, steps[1:], found)
    return _decode(text, at)[1]


def _leaf(text: str, at: int, found: list[Leaf]) -> int:
    value, end = _decode(text, at)
    if text[at] == '"':
        found.append(Leaf(value, True, at + 1, end - 1, 1))
    else:
        found.append(Leaf(None if value is None else text[at:end], False, at, end, 0))
    return end


def _string(text: str, at: int, steps: tuple[Step, ...], found: list[Leaf]) -> int:
    content, end = _decode(text, at)
    # A string that is blank is no document yet, which is how many applications write "none".
    inner = _document(content, steps) if content.strip(_SPACE) else []
    if inner:
        edges = [edge for leaf in inner for edge in (leaf.start, leaf.end)]
        raw = iter(_raw_positions(text, at + 1, edges))
        found += [
            leaf._replace(start=start, end=stop, depth=leaf.depth + 1)
            for leaf, start, stop in zip(inner, raw, raw, strict=True)
        ]
    return end


def _raw_positions(text: str, at: int, positions: list[int]) -> list[int]:
    """Return where the characters stand that a string, which begins at `at`, has at `positions`.

    The positions are those of the decoded string, in order.
    """
    raw: list[int] = []
    decoded = 0
    for position in positions:
        while (escape := text.find("\\", at, at + position - decoded)) >= 0:
            decoded += escape - at + 1
            at = escape + _length(text, escape)
        at += position - decoded
        decoded = position
        raw.append(at)
    return raw


def _length(text: str, escape: int) -> int:
    """Return how many characters spell the one that is escaped here."""
    if text[escape + 1] != "u":
        return 2
    return 12 if _PAIR.match(text, escape) else 6


def _object(text: str, at: int, name: str, rest: tuple[Step, ...], found: list[Leaf]) -> int:
    at = _spaced(text, at + 1)
    if text[at] == "}":
        return at + 1
    others = _others(name)
    while True:
        # A value that is neither plain nor looked for stops the match, but not the loop.
        if skipped := others.match(text, at):
            at = skipped.end()
        if text[at] != '"':
            raise ValueError("a member has no name")
        key, at = _decode(text, at)
        at = _after(":", text, at)
        at = _value(text, at, rest, found) if key == name else _decode(text, at)[1]
        at = _spaced(text, at)
        if text[at] == "}":
            return at + 1
        at = _after(",", text, at)


@lru_cache
def _others(name: str) -> re.Pattern[str]:
    """Match plain members of any other name, and so pass in one go what Python would in many."""
    plain_name = rf'"(?!{re.escape(name)}")[^"\\\x00-\x1f]*"'
    space = f"[{_SPACE}]*"
    return re.compile(f"(?:{plain_name}{space}:{space}{_PLAIN}{space},{space})+")


def _array(text: str, at: int, step: Element, rest: tuple[Step, ...], found: list[Leaf]) -> int:
    at = _spaced(text, at + 1)
    if text[at] == "]":
        return at + 1
    number = 0
    while True:
        taken = _is_taken(text, at, number, step)
        at = _value(text, at, rest, found) if taken else _decode(text, at)[1]
        at = _spaced(text, at)
        if text[at] == "]":
            return at + 1
        at = _after(",", text, at)
        number += 1


def _is_taken(text: str, at: int, number: int, step: Element) -> bool:
    """Tell whether a step takes the element that begins here."""
    if isinstance(step, Every):
        return True
    if isinstance(step, Index):
        return number == step.number
    members: list[Leaf] = []
    if text[at] == "{":
        _object(text, at, step.member, (), members)
    return any(member.is_string and member.text == step.value for member in members)


def _after(mark: str, text: str, at: int) -> int:
    at = _spaced(text, at)
    if text[at] != mark:
        raise ValueError("a comma or colon is missing")
    return _spaced(text, at + 1)


def _spaced(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at
