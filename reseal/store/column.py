"""A column: how its type's values are read as text, judged, and written back."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import LiteralString, NamedTuple, cast
from uuid import UUID

from psycopg import sql

from reseal.errors import WillNotOpen
from reseal.place import KeyPart
from reseal.secret import Secret, Secrets
from reseal.store.arrays import Array, of_int8, of_text, of_uuid


class Codec(NamedTuple):
    """How a type travels: `{}` stands for the value, which is text on our side.

    `read` gives the text as the application has it, character for character; `judge` the text
    that its shape is told by; `write` makes a value of the text again. `wide` is the type that a
    limit is taken away with, without a rewrite of the table.
    """

    read: LiteralString = "{}"
    judge: LiteralString = "{}"
    write: LiteralString = "{}"
    wide: LiteralString | None = None


_JSON_ARRAY: LiteralString = (
    # Of an array that does not count from 1, or has several dimensions, JSON would not tell.
    "CASE WHEN coalesce(array_lower({0}, 1), 1) = 1 THEN array_to_json({0})::text ELSE '?' END"
)
_FROM_JSON: LiteralString = "ARRAY(SELECT jsonb_array_elements_text(({})::jsonb))"

# Texts are compared byte by byte, whatever the column's collation holds for equal; one that is not
# deterministic knows no regular expressions at all.
_BYTEWISE: LiteralString = '({} COLLATE "C")'
_TEXT_BYTEWISE: LiteralString = '({}::text COLLATE "C")'

CODECS = {
    "text": Codec(_BYTEWISE, _BYTEWISE),
    "varchar": Codec(_BYTEWISE, _BYTEWISE, wide="text"),
    "citext": Codec("{}::text", "{}::text"),
    # The padding belongs to what the application reads and not to what it means (PostgreSQL
    # manual, 8.3). Without a length the type pads no more; what stands there keeps its padding.
    "bpchar": Codec("textin(bpcharout({}))", _TEXT_BYTEWISE, wide="bpchar"),
    "json": Codec("{}::text", "{}::text", "({})::json"),
    "jsonb": Codec("{}::text", "{}::text", "({})::jsonb"),
    "bytea": Codec("encode({}, 'escape')", "encode({}, 'escape')", "decode({}, 'escape')"),
    "_text": Codec(_JSON_ARRAY, _JSON_ARRAY, _FROM_JSON),
    "_varchar": Codec(_JSON_ARRAY, _JSON_ARRAY, _FROM_JSON, wide="varchar[]"),
}
DOCUMENTS = frozenset({"json", "jsonb", "_text", "_varchar"})

# Key types whose text has neither comma nor doubt; every other travels as hex.
_PLAIN_KEY_TYPES = frozenset({"int2", "int4", "int8", "uuid"})
# What convert_from gives has a collation, by the name of the encoding, which any other of the key
# column's would contradict.
_UNSPELLED: LiteralString = """(convert_from(v.{0}::bytea, 'UTF8') COLLATE "C")::{1}"""
# encode(…, 'escape'): a backslash is doubled, zero and bytes from 128 on are three octal digits.
_ESCAPED = re.compile(rb"\\(\\|[0-7]{3})")
_TO_ESCAPE = re.compile(rb"[\\\x00\x80-\xff]")


@dataclass(frozen=True, slots=True)
class Column:
    """A column and its type, looked up through domains: `domain` is the domain's name, if any.

    `limit` is the n of varchar(n), None where there is none.
    """

    name: str
    type: str
    type_schema: str
    limit: int | None
    not_null: bool
    domain: str | None = None

    @property
    def codec(self) -> Codec:
        """How its values travel; only of a type that is in CODECS."""
        return CODECS[self.type]

    @property
    def is_bytes(self) -> bool:
        """Whether its values are bytes, of which the text on our side is PostgreSQL's escape."""
        return self.type == "bytea"

    @property
    def is_plain_key(self) -> bool:
        """Whether as a key it is read as itself and its text needs no escape."""
        return self.type in _PLAIN_KEY_TYPES

    def read(self, value: sql.Composable) -> sql.Composable:
        """Return the expression of a value's text, as the application has it."""
        return sql.SQL(self.codec.read).format(value)

    def judge(self, value: sql.Composable) -> sql.Composable:
        """Return the expression of the text that a value's shape is told by."""
        return sql.SQL(self.codec.judge).format(value)

    def write(self, text: sql.Composable) -> sql.Composable:
        """Return the expression that makes a value of a text."""
        return sql.SQL(self.codec.write).format(text)

    def judged(self, text: str) -> str:
        """Return what the shape of a text as read is told by."""
        return text.rstrip(" ") if self.type == "bpchar" else text

    def judged_all(self, texts: Sequence[str]) -> Sequence[str]:
        """Return the same of many texts."""
        return [text.rstrip(" ") for text in texts] if self.type == "bpchar" else texts

    def secrets(self, texts: Sequence[str]) -> Secrets:
        """Return the secrets that texts as read stand for."""
        if self.is_bytes:
            return Secrets([unescape(text) for text in texts])
        return Secrets([text.encode() for text in texts])

    def secrets_of(self, texts: Secrets) -> Secrets:
        """Return the same, where the texts themselves are secrets in UTF-8."""
        if self.is_bytes:
            return Secrets([unescape(text.decode()) for text in texts.octets()])
        return texts

    def secret(self, text: str) -> Secret:
        """Return the secret that a text as read stands for."""
        return Secret(unescape(text)) if self.is_bytes else Secret(text)

    def text(self, secret: Secret) -> str:
        """Return a secret as text to write; raise WillNotOpen where the column cannot hold it."""
        if self.is_bytes:
            return escape(secret.octets())
        try:
            return secret.reveal()
        except ValueError:
            pass
        raise WillNotOpen(f"what was sealed is raw bytes, and column {self.name!r} holds text")

    def spell(self, part: KeyPart) -> str:
        """Spell a key part so that no setting of the server's changes what it says."""
        return str(part) if self.is_plain_key else rf"\x{str(part).encode().hex()}"

    def spell_all(self, parts: Iterable[KeyPart]) -> list[str]:
        """Spell the parts of many keys."""
        return list(map(str, parts)) if self.is_plain_key else list(map(self.spell, parts))

    def array(self, parts: Sequence[KeyPart]) -> tuple[LiteralString, Array]:
        """Return an array of the parts of many keys, and the type of what is in it."""
        if self.type == "uuid":
            return "uuid", of_uuid(cast("Sequence[UUID]", parts))
        if self.is_plain_key:
            return "int8", of_int8(cast("Sequence[int]", parts))
        return "text", of_text(self.spell_all(parts))

    def unspelled(self, name: str) -> sql.Composable:
        """Return the expression that makes a key part of its spelling in column `v.name`."""
        form = "v.{0}::{1}" if self.is_plain_key else _UNSPELLED
        return sql.SQL(form).format(
            sql.Identifier(name), sql.Identifier(self.type_schema, self.type)
        )


def escape(octets: bytes) -> str:
    """Spell bytes as PostgreSQL's encode(…, 'escape') does."""
    return _TO_ESCAPE.sub(_escaped, octets).decode()


def unescape(text: str) -> bytes:
    """Return the bytes that PostgreSQL's escape spells."""
    return _ESCAPED.sub(_unescaped, text.encode())


def _unescaped(found: "re.Match[bytes]") -> bytes:
    return b"\\" if found[1] == b"\\" else bytes([int(found[1], 8)])


def _escaped(found: "re.Match[bytes]") -> bytes:
    return rb"\\" if found[0] == b"\\" else b"\\%03o" % found[0][0]
