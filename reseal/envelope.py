"""The sealed text that stands in the column.

    base64( {"keyVersion":3,"v":1,"alg":"A256GCM","iv":"...","tag":"...","ct":"..."} )
             ^ first, so that SQL can count by key version from the first characters

One secret sealed once has one spelling: parsing accepts only what writing gives back.
"""

import re
from base64 import b64decode, b64encode
from binascii import a2b_base64, b2a_base64
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from reseal.errors import MalformedEnvelope, NotSealed

# Without the checks that base64 makes first, which for what is written anew prove nothing.
_base64 = partial(b2a_base64, newline=False)

ALG = "A256GCM"
IV_BYTES = 12
TAG_BYTES = 16

# Base64 of `{"keyVersion":` as far as it does not depend on the digit that follows.
PREFIX = "eyJrZXlWZXJzaW9uIjo"
# As many digits as a key version can have; see the check on data_key.version.
HIGHEST_VERSION = 99_999
# As many characters as show the whole version and nothing that is random.
HEAD_CHARACTERS = 28

_HEAD = re.compile(rb'\{"keyVersion":([1-9][0-9]{0,8}),')
# Of the letters before the padding only these have nothing in the bits that say nothing.
_PADDED = b"(?:[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)"
_JSON = re.compile(
    rb'\{"keyVersion":([1-9][0-9]{0,8}),"v":1,"alg":"A256GCM","iv":"([A-Za-z0-9+/]{16})",'
    rb'"tag":"([A-Za-z0-9+/]{21}[AQgw]==)","ct":"((?:[A-Za-z0-9+/]{4})*%b?)"\}' % _PADDED
)


class Parts(NamedTuple):
    """What an envelope says; `sealed` is ciphertext and tag, as AES-GCM takes it."""

    key_version: int
    iv: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """One sealed secret: the version of its key, 12 bytes of iv, 16 of tag, the ciphertext."""

    key_version: int
    iv: bytes
    tag: bytes
    ciphertext: bytes

    def __str__(self) -> str:
        return write(self.key_version, self.iv, self.tag, self.ciphertext)

    @classmethod
    def parse(cls, text: str) -> "Envelope":
        """Read an envelope; raise NotSealed or MalformedEnvelope, never quoting the text."""
        version, iv, sealed = parts(text)
        return cls(version, iv, sealed[-TAG_BYTES:], sealed[:-TAG_BYTES])


def parts(text: str) -> Parts:
    """Take an envelope apart; raise NotSealed or MalformedEnvelope, never quoting the text."""
    if not looks_sealed(text):
        raise NotSealed("the value is not an envelope")
    try:
        said = a2b_base64(text)
    except ValueError:
        said = b""
    found = _JSON.fullmatch(said)
    # Decoding is generous; only what encoding gives back is accepted.
    if found is None or b2a_base64(said, newline=False).decode() != text:
        raise MalformedEnvelope("the envelope is not in its one accepted spelling")
    version, iv, tag, ciphertext = found.groups()
    return Parts(int(version), a2b_base64(iv), a2b_base64(ciphertext) + a2b_base64(tag))


def write(key_version: int, iv: bytes, tag: bytes, ciphertext: bytes) -> str:
    """Spell an envelope; the only spelling that `Envelope.parse` accepts."""
    fields = (_base64(iv), _base64(tag), _base64(ciphertext))
    return _base64(head_of(key_version) + b'%b","tag":"%b","ct":"%b"}' % fields).decode()


def head_of(key_version: int) -> bytes:
    """Return what an envelope of this version spells before its iv."""
    return b'{"keyVersion":%d,"v":1,"alg":"A256GCM","iv":"' % key_version


def length(plaintext_bytes: int, key_version: int) -> int:
    """Return the characters that an envelope takes for a secret of so many bytes."""
    return len(write(key_version, bytes(IV_BYTES), bytes(TAG_BYTES), bytes(plaintext_bytes)))


def longest(plaintext_bytes: int) -> int:
    """Return the characters that it can take, whichever key version it is under."""
    return length(plaintext_bytes, HIGHEST_VERSION)


def looks_sealed(text: str) -> bool:
    """Say whether the value begins as an envelope does; the cheap half of `parse`."""
    return text.startswith(PREFIX)


def version_prefix(key_version: int) -> str:
    """Return the first characters of every envelope of this version, for a LIKE pattern."""
    head = b'{"keyVersion":%d,"v":1,' % key_version
    return b64encode(head[: len(head) // 3 * 3]).decode()


def version_of(head: str) -> int | None:
    """Read the key version from the first HEAD_CHARACTERS of a value, or None."""
    try:
        found = _HEAD.match(b64decode(head[: len(head) // 4 * 4], validate=True))
    except ValueError:
        return None
    return int(found[1]) if found else None
