"""What a stored value is: no secret, plaintext, ours, another application's, or unknown."""

import re
from enum import StrEnum

from reseal.envelope import PREFIX


class Shape(StrEnum):
    """The five kinds of value that a field's column can hold."""

    EMPTY = "empty"
    PLAIN = "plain"
    SEALED = "sealed"
    FOREIGN = "foreign"
    UNRECOGNISED = "unrecognised"


# One spelling for Python's re and for PostgreSQL's regular expressions, so that the census
# in SQL and the sweep in Python cannot disagree. Both know \A, \Z, {m,} and these classes.
# The first half of base32 adds no value to the second; it decides most of them, much faster.
PATTERNS = {
    "base32": r"\A ?(?:[A-Za-z2-7]{16,}|(?:[A-Za-z2-7][ -]?){16,})=*\n?\Z",
    "hex": r"\A(?:[0-9A-Fa-f][0-9A-Fa-f]){10,}\Z",
    "otpauth": r"\Aotpauth://totp/[^?]*[?](.*&)?secret=[A-Za-z2-7]+=*(&.*)?\Z",
    "text": r"\A.+\Z",
    "bytes": r"\A.+\Z",
}

# What other libraries write when they encrypt: Fernet, Vault Transit, JWE, `v1:` and `enc:`
# prefixes, Rails and GoTrue JSON, Laravel (base64 of {"iv":), django signing (mfa1:).
FOREIGN = (
    r"\A(gAAAAA|vault:v[0-9]+:|eyJhbGci|eyJpdiI6|v[0-9]+[:.]|enc:|encrypted:|mfa1:"
    r'|[{]"(p|key_id|iv|ct|ciphertext)":|[$][A-Za-z0-9_-]+[$])'
)

_FOREIGN = re.compile(FOREIGN)
_COMPILED = {name: re.compile(pattern, re.DOTALL) for name, pattern in PATTERNS.items()}


def pattern_of(format_name: str, declared: bool) -> str:
    return PATTERNS[format_name]


def shape_of(
    text: str | None, format_name: str, empty: frozenset[str], declared: bool = False
) -> Shape:
    """Tell a value's shape; only what the field's format recognises is PLAIN."""
    if text is None or text in empty:
        return Shape.EMPTY
    if text.startswith(PREFIX):
        return Shape.SEALED
    if _FOREIGN.match(text):
        return Shape.FOREIGN
    return Shape.PLAIN if _COMPILED[format_name].match(text) else Shape.UNRECOGNISED
