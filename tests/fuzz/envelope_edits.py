"""Edits of an envelope: of its text, of the JSON in it, and of the bytes in that."""

import json
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from reseal.envelope import ALG, PREFIX, Envelope, write
from tests.fuzz.edits import EDITS, edited

_WORDS = (b"0", b"-1", b"1e0", b"1.0", b"01", b"null", b"true", b"[]", b"{}", b'""', b"9" * 5000)
_NAMES = (b"keyVersion", b"v", b"alg", b"iv", b"tag", b"ct")
_STRANGE = "\0\t\n\r\x7f\x85\xa0é٣\u200b\u2028\ufeff\uff21\ud800\udfff𐀀"


class Sealed(NamedTuple):
    """An envelope that opens, with what it is."""

    key: int
    secret: str
    envelope: Envelope
    text: str


def _spelled(document: bytes) -> str:
    return b64encode(document).decode()


EnvelopeEdit = Callable[[Random, Sealed, Sealed], str]


def _of_text(name: str) -> EnvelopeEdit:
    def edit(random: Random, one: Sealed, other: Sealed) -> str:
        content = EDITS[name](random, one.text.encode(), other.text.encode())
        return content.decode("utf-8", "surrogateescape")

    return edit


def _of_json(name: str) -> EnvelopeEdit:
    def edit(random: Random, one: Sealed, other: Sealed) -> str:
        return _spelled(EDITS[name](random, b64decode(one.text), b64decode(other.text)))

    return edit


def _letter(random: Random, one: Sealed, _other: Sealed) -> str:
    at = random.randrange(len(one.text))
    return one.text[:at] + random.choice("AZaz09+/=-_") + one.text[at + 1 :]


def _unicode(random: Random, one: Sealed, _other: Sealed) -> str:
    text = list(one.text)
    for _ in range(random.choice((1, 1, 2, 5))):
        strange = random.choice((random.choice(_STRANGE), chr(random.randrange(0x110000))))
        at = random.randrange(len(text) + 1)
        text[at : at + random.randrange(2)] = strange
    return "".join(text)


def _any_text(random: Random, _one: Sealed, _other: Sealed) -> str:
    text = "".join(chr(random.randrange(0x110000)) for _ in range(random.randrange(40)))
    return random.choice(("", PREFIX)) + text


def _value(random: Random, one: Sealed, _other: Sealed) -> str:
    """Put another value in the place of one of the JSON's."""
    document = json.loads(b64decode(one.text))
    parts = {name: json.dumps(value).encode() for name, value in document.items()}
    parts[random.choice(list(parts))] = random.choice(_WORDS)
    members = b",".join(b'"%b":%b' % (name.encode(), value) for name, value in parts.items())
    return _spelled(b"{" + members + b"}")


def _members(random: Random, one: Sealed, _other: Sealed) -> str:
    """Reorder, drop, double or add members, or space them out."""
    members = list(json.loads(b64decode(one.text)).items())
    match random.randrange(4):
        case 0:
            random.shuffle(members)
        case 1:
            members.remove(random.choice(members))
        case 2:
            members.insert(random.randrange(7), random.choice(members))
        case _:
            members.insert(random.randrange(7), (random.choice(("kid", "", "iv\0")), 1))
    comma, colon = random.choice(((",", ":"), (", ", ": "), (",\n", ":")))
    inside = comma.join(f"{json.dumps(name)}{colon}{json.dumps(value)}" for name, value in members)
    return _spelled(f"{{{inside}}}".encode())


def _escaped(random: Random, one: Sealed, _other: Sealed) -> str:
    """Spell a letter of the JSON as an escape, or as another that means the same."""
    document = b64decode(one.text)
    name = random.choice((*_NAMES, ALG.encode()))
    return _spelled(document.replace(name, b"\\u%04x" % name[0] + name[1:], 1))


def _version(random: Random, one: Sealed, _other: Sealed) -> str:
    whole = one.envelope
    version = random.choice((1, 2, 12, 99, 10**9 - 1, 10**9, random.randrange(10**6)))
    return write(version, whole.iv, whole.tag, whole.ciphertext)


def _fields(random: Random, one: Sealed, other: Sealed) -> str:
    """Make one envelope of parts of two, or with an edit in a part; it is spelled rightly."""
    first = [one.envelope.iv, one.envelope.tag, one.envelope.ciphertext]
    second = [other.envelope.iv, other.envelope.tag, other.envelope.ciphertext]
    at = random.randrange(3)
    edits = (second[at], edited(random, first[at], second[at])[1])
    first[at] = random.choice(edits)
    return write(one.envelope.key_version, *first)


def _alphabet(random: Random, one: Sealed, _other: Sealed) -> str:
    text = random.choice((urlsafe_b64encode(b64decode(one.text)).decode(), one.text.swapcase()))
    return random.choice((text, one.text.lower(), one.text.rstrip("="), one.text + "="))


def _space(random: Random, one: Sealed, _other: Sealed) -> str:
    space = random.choice((" ", "\n", "\r\n", "\t", "\v", "\u3000"))
    at = random.choice((0, random.randrange(len(one.text)), len(one.text)))
    return one.text[:at] + space + one.text[at:]


def _nested(random: Random, one: Sealed, _other: Sealed) -> str:
    depth = int(10 ** random.uniform(0, 5))
    document = b64decode(one.text)
    return _spelled(document[:-1] + b',"x":' + b"[" * depth + b"]" * depth + b"}")


def _whole(_random: Random, one: Sealed, _other: Sealed) -> str:
    return one.text


ENVELOPE_EDITS: dict[str, EnvelopeEdit] = {
    **{f"text: {name}": _of_text(name) for name in EDITS},
    **{f"JSON: {name}": _of_json(name) for name in EDITS},
    "text: another letter": _letter,
    "text: strange characters": _unicode,
    "any text": _any_text,
    "another alphabet or padding": _alphabet,
    "white space": _space,
    "JSON: another value": _value,
    "JSON: other members": _members,
    "JSON: an escape": _escaped,
    "JSON: nested": _nested,
    "another key version": _version,
    "another iv, tag or ciphertext": _fields,
    "moved to another row": _whole,
    "unchanged": _whole,
}
