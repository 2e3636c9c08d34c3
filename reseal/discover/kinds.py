"""Kinds of value: what a stored text looks like by itself, told alike in SQL and in Python."""

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from psycopg import sql

from reseal.envelope import PREFIX
from reseal.foreign import KINDS, MARK, SEPARATOR, UNMARKED, Foreign, Nature
from reseal.shape import PATTERNS
from reseal.store.aside import MARK as MARK_OF_ASIDE
from reseal.store.store import literal


class Kind(StrEnum):
    """What a value looks like, before any name is considered."""

    ENVELOPE = "envelope"
    OTPAUTH = "otpauth"
    IMAGE = "image"
    HASH = "hash"
    FOREIGN = "foreign"
    FOREIGN_IN_PARTS = "foreign, by its separators"
    UUID = "uuid"
    EITHER = "base32 and hex"
    BASE32 = "base32 of a usual size"
    HEX = "hex of a usual size"
    ODD_HEX = "hex"
    ODD_BASE32 = "base32"
    TOKEN = "token"
    CODES = "list of tokens"
    DOCUMENT = "document"
    RAW = "bytes of a usual size"
    OPAQUE = "opaque"
    WORD = "word about MFA"
    OTHER = "other"


class Look(NamedTuple):
    """What a value of a kind looks like; all of it must hold.

    Both patterns are searched for, and mean the same to Python and to PostgreSQL. The length and
    the second pattern are what is quick to fail: counts in a pattern and look-aheads are slow.
    """

    pattern: str
    least: int = 1
    most: int = 4096
    also: str | None = None
    sizes: tuple[int, ...] = ()

    def fits(self, text: str) -> bool:
        """Say whether a text looks so."""
        return (
            self.least <= len(text) <= self.most
            and (not self.sizes or len(text) in self.sizes)
            and (self.also is None or _compiled(self.also).search(text) is not None)
            and _compiled(self.pattern).search(text) is not None
        )

    def sql(self, value: sql.Composable) -> sql.Composable:
        """Return the condition that a text looks so."""
        conditions = [sql.SQL("{} ~ {}").format(value, literal(self.pattern))]
        if self.also is not None:
            conditions.insert(0, sql.SQL("{} ~ {}").format(value, literal(self.also)))
        if (self.least, self.most) != (1, 4096):
            length = sql.SQL("length({}) BETWEEN {} AND {}")
            conditions.insert(0, length.format(value, self.least, self.most))
        if self.sizes:
            sizes = sql.SQL(", ").join(map(sql.Literal, self.sizes))
            conditions.insert(0, sql.SQL("length({}) IN ({})").format(value, sizes))
        return sql.SQL(" AND ").join(conditions)


_BEGIN = r"\A"


def _any(kinds: Iterable[Foreign]) -> str:
    return _begins(*(kind.body for kind in kinds))


def _begins(*bodies: str) -> str:
    return rf"{_BEGIN}(?:{'|'.join(bodies)})"


_ENVELOPE = rf"{PREFIX}|{MARK_OF_ASIDE.removeprefix(_BEGIN)}"
_OTPAUTH = "[Oo][Tt][Pp][Aa][Uu][Tt][Hh](?:-migration)?://"
_IMAGE = (
    r"data:image/|iVBORw0KGgo|\\211PNG|<(?:svg|SVG)[ >]"
    r"|<[?]xml[^>]*>[^<]*(?:<!DOCTYPE[^>]*>[^<]*)?<svg"
)
_UUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_MFA = "[ht]?otp|2fa|mfa|tfa|two.?factor|authenticator"

# What begins with a mark of its own: one pattern passes over all of them.
MARKED = {
    Kind.ENVELOPE: Look(_begins(_ENVELOPE)),
    Kind.OTPAUTH: Look(_begins(_OTPAUTH)),
    Kind.IMAGE: Look(_begins(_IMAGE)),
    Kind.HASH: Look(_any(kind for kind in KINDS if kind.nature is Nature.HASHED)),
    Kind.FOREIGN: Look(MARK),
}
_ANY_MARK = Look(_begins(_ENVELOPE, _OTPAUTH, _IMAGE, MARK.removeprefix(_BEGIN)))

# The first that fits counts.
LOOKS = {
    Kind.UUID: Look(rf"\A[{{]?{_UUID}[}}]?\Z", 36, 38),
    Kind.EITHER: Look(r"\A[A-F2-7]+\Z", sizes=(16, 20, 26, 32, 40)),
    # With their padding 26 letters are 32, and 52 are 56.
    Kind.BASE32: Look(r"\A[A-Z2-7]+=*\Z", sizes=(16, 26, 32, 52, 56)),
    Kind.HEX: Look(r"\A[0-9A-Fa-f]+\Z", sizes=(20, 32, 40, 64)),
    Kind.ODD_HEX: Look(r"\A[0-9A-Fa-f]+\Z", 20, 80),
    Kind.WORD: Look(rf"(?i)(?:\A|[^a-z])(?:{_MFA})", 3, 64),
    Kind.ODD_BASE32: Look(PATTERNS["base32"], 16, 100, r"\A[A-Za-z2-7=\n\r -]+\Z"),
    Kind.TOKEN: Look(r"\A[A-Za-z0-9]+(?:[ -][A-Za-z0-9]+)*\Z", 4, 15),
    Kind.CODES: Look(
        r"\A[A-Za-z0-9-]{4,32}(?:[,;| \n]{1,2}[A-Za-z0-9-]{4,32}){2,}\n?\Z",
        14,
        2000,
        r"[,;| \n]",
    ),
    Kind.FOREIGN_IN_PARTS: Look(_any(UNMARKED), 40, 2000, rf"\A[^ ]*(?:{SEPARATOR})[^ ]*\Z"),
    Kind.DOCUMENT: Look(r"\A[{\[]"),
    Kind.OPAQUE: Look(r"\A[A-Za-z0-9+/=_.~-]+\Z", 12, 128, "[0-9]"),
}

# Keys for HMAC-SHA1, -SHA256 and -SHA512 and what applications make of 80 and 128 random bits.
RAW_SIZES = (10, 16, 20, 32, 64)

# What stands for "none" in applications that do not write NULL.
NOTHING = frozenset({"", "0", "-", "false", "null", "none", "{}", "[]", '""'})
_AROUND = " \n\r\t"

KIND = """
CASE WHEN {any_mark} THEN CASE {marked} END {looks}
     WHEN {octets} IN ({sizes}) THEN {raw} ELSE {other} END
"""


def kind_of(text: str) -> Kind | None:
    """Tell what a text looks like; None where it stands for no value."""
    text = text.strip(_AROUND)
    if text.lower() in NOTHING:
        return None
    looks = MARKED if _ANY_MARK.fits(text) else LOOKS
    return next((kind for kind, look in looks.items() if look.fits(text)), Kind.OTHER)


def kind_sql(value: sql.Composable, octets: sql.Composable) -> sql.Composable:
    """Return the expression of what a trimmed text looks like; `octets` is NULL but for bytes."""
    return sql.SQL(KIND).format(
        any_mark=_ANY_MARK.sql(value),
        marked=_cases(MARKED, value),
        looks=_cases(LOOKS, value),
        octets=octets,
        sizes=sql.SQL(", ").join(map(sql.Literal, RAW_SIZES)),
        raw=literal(Kind.RAW),
        other=literal(Kind.OTHER),
    )


def trimmed(value: sql.Composable) -> sql.Composable:
    """Return the expression of a text without the blanks around it."""
    return sql.SQL("btrim({}, {})").format(value, sql.Literal(_AROUND))


def _cases(looks: dict[Kind, Look], value: sql.Composable) -> sql.Composable:
    cases = [
        sql.SQL("WHEN {} THEN {}").format(look.sql(value), literal(kind))
        for kind, look in looks.items()
    ]
    return sql.SQL(" ").join(cases)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)
