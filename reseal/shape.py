"""What a stored value is: no secret, plaintext, ours, another application's, or unknown."""

import re
from collections.abc import Sequence
from enum import StrEnum
from string import ascii_lowercase, ascii_uppercase

from reseal.envelope import PREFIX
from reseal.foreign import is_foreign


class Shape(StrEnum):
    """The five kinds of value that a field's column can hold."""

    EMPTY = "empty"
    PLAIN = "plain"
    SEALED = "sealed"
    FOREIGN = "foreign"
    UNRECOGNISED = "unrecognised"


# One spelling for Python's re and for PostgreSQL's regular expressions, so that the census
# in SQL and the sweep in Python cannot disagree. Both know \A, \Z, {m,} and these classes.
#
# An authenticated cipher makes at least 38 bytes of a secret of 10: an iv of 12, a tag of 16.
# The alphabet cannot tell those from a long secret, so the strict patterns end at 35 bytes. Only
# 40 bytes, which is a usual size of a seed, is let through; preflight asks about it.
_LETTER = "[A-Za-z2-7]"
_BYTE_OF_HEX = "[0-9A-Fa-f]{2}"
# One byte in what encode(..., 'escape') writes.
_BYTE_ESCAPED = r"(?:\\[0-3][0-7]{2}|\\\\|[^\\])"


def _base32(letters: str, more_groups: tuple[str, str, str]) -> str:
    """Spell base32 of these sizes, whole or in groups of 4, 5 or 8."""
    grouped = "|".join(
        f"{_LETTER}{{{size}}}(?:{separator}{_LETTER}{{{size}}}){more}"
        f"(?:{separator}{_LETTER}{{1,{size - 1}}})?"
        for size, more in zip((4, 5, 8), more_groups, strict=True)
        for separator in (" ", "-")
    )
    # First what nearly every value is; the engines need not look further.
    return (
        rf"\A ?(?:{_LETTER}{letters}={{0,6}}|{_LETTER}{{64}}"
        rf"|(?:{grouped})(?:[ -]?=){{0,6}})(?:\r?\n)?\Z"
    )


_OTPAUTH = (
    r"\A[Oo][Tt][Pp][Aa][Uu][Tt][Hh]://[Tt][Oo][Tt][Pp]/[^?]*[?](?:.*&)?"
    # \u0025 is the percent sign, which the driver would take for a placeholder.
    r"secret=[A-Za-z2-7]+(?:=|\u00253[Dd])*(?:&.*)?\Z"
)

# In groups the groups are counted, up to the 64 letters of 40 bytes, and a few letters more or
# less than their limits pass. That is close enough: nobody writes ciphertext in groups.
PATTERNS = {
    "base32": _base32("{16,56}", ("{3,15}", "{2,12}", "{1,7}")),
    "hex": rf"\A(?:(?:{_BYTE_OF_HEX}){{10,35}}|(?:{_BYTE_OF_HEX}){{40}})\Z",
    "otpauth": _OTPAUTH,
    "text": r"\A.+\Z",
    "bytes": rf"\A(?:{_BYTE_ESCAPED}{{10,35}}|{_BYTE_ESCAPED}{{40}})\Z",
}

# For a field whose operator has declared that it holds plaintext: the same without upper limits.
_DECLARED = PATTERNS | {
    "base32": _base32("{16,}", ("{3,}", "{2,}", "{1,}")),
    "hex": rf"\A(?:{_BYTE_OF_HEX}){{10,}}\Z",
    "bytes": rf"\A{_BYTE_ESCAPED}+\Z",
}


def _compiled(patterns: dict[str, str]) -> dict[str, re.Pattern[str]]:
    return {name: re.compile(pattern, re.DOTALL) for name, pattern in patterns.items()}


# Nearly every base32 value. Nothing sealed and nothing foreign is base32 of one case, so that
# one match settles it; in SQL, after a look at the length, which takes less.
USUAL_LETTERS = r"\A(?:[A-Z2-7]+|[a-z2-7]+)\Z"
USUAL_LENGTHS = (16, 56)
_USUAL = re.compile(r"(?:[A-Z2-7]{16,56}|[a-z2-7]{16,56})\Z")
_DIGITS = b"234567"
_UPPER, _LOWER = ascii_uppercase.encode() + _DIGITS, ascii_lowercase.encode() + _DIGITS
_STRICT_COMPILED, _DECLARED_COMPILED = _compiled(PATTERNS), _compiled(_DECLARED)


# For PostgreSQL, which takes ten times as long to count characters by a pattern as by length():
# the characters, the least and the most of them, and what their number is a multiple of. What
# passes this passes the format's pattern, too; it is most of what there is.
USUAL = {
    "base32": (r"\A[A-Za-z2-7]+\Z", 16, 56, 1),
    "hex": (r"\A[0-9A-Fa-f]+\Z", 20, 70, 2),
}


def pattern_of(format_name: str, declared: bool) -> str:
    """Return what a plaintext of this format must match, in SQL as in Python."""
    return (_DECLARED if declared else PATTERNS)[format_name]


def shapes_of(
    texts: Sequence[str], format_name: str, empty: frozenset[str], declared: bool = False
) -> list[Shape]:
    """Tell the shapes of many values, most of them usual ones."""
    if format_name == "base32" and empty.isdisjoint(texts) and _are_usual(texts):
        return [Shape.PLAIN] * len(texts)
    if empty.isdisjoint(texts) and all(text.startswith(PREFIX) for text in texts):
        return [Shape.SEALED] * len(texts)
    return [shape_of(text, format_name, empty, declared) for text in texts]


def _are_usual(texts: Sequence[str]) -> bool:
    least, most = USUAL_LENGTHS
    if not all(least <= length <= most for length in set(map(len, texts))):
        return False
    # Nearly always all of them are of the same case.
    together = "".join(texts).encode()
    return not (together.translate(None, _UPPER) and together.translate(None, _LOWER)) or all(
        map(_USUAL.match, texts)
    )


def shape_of(
    text: str | None, format_name: str, empty: frozenset[str], declared: bool = False
) -> Shape:
    """Tell a value's shape; only what the field's format recognises is PLAIN."""
    if text is None or text in empty:
        return Shape.EMPTY
    if format_name == "base32" and _USUAL.match(text):
        return Shape.PLAIN
    if text.startswith(PREFIX):
        return Shape.SEALED
    if is_foreign(text):
        return Shape.FOREIGN
    patterns = _DECLARED_COMPILED if declared else _STRICT_COMPILED
    return Shape.PLAIN if patterns[format_name].match(text) else Shape.UNRECOGNISED
