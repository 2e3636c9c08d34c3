"""The sealed text that stands in the column.

    base64( {"keyVersion":3,"v":1,"alg":"A256GCM","iv":"...","tag":"...","ct":"..."} )
             ^ first, so that SQL can count by key version from the first characters

One secret sealed once has one spelling: parsing accepts only what writing gives back.
"""

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

from reseal.errors import MalformedEnvelope, NotSealed

ALG = "A256GCM"
IV_BYTES = 12
TAG_BYTES = 16

# Base64 of `{"keyVersion":` as far as it does not depend on the digit that follows.
PREFIX = "eyJrZXlWZXJzaW9uIjo"
# As many characters as show the whole version, up to 99999, and nothing that is random.
HEAD_CHARACTERS = 28

_JSON = re.compile(
    rb'\{"keyVersion":([1-9][0-9]{0,8}),"v":1,"alg":"A256GCM",'
    rb'"iv":"([A-Za-z0-9+/]{16})","tag":"([A-Za-z0-9+/]{22}==)","ct":"([A-Za-z0-9+/]*={0,2})"\}'
)
_HEAD = re.compile(rb'\{"keyVersion":([1-9][0-9]{0,8}),')


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
        if not looks_sealed(text):
            raise NotSealed("the value is not an envelope")
        found = _JSON.fullmatch(_decoded(text))
        if found is None:
            raise MalformedEnvelope("the envelope's JSON is not in its one accepted form")
        version, iv, tag, ciphertext = found.groups()
        envelope = cls(int(version), b64decode(iv), b64decode(tag), _unpadded(ciphertext))
        if str(envelope) != text:
            raise MalformedEnvelope("the envelope's base64 is not canonical")
        return envelope


def write(key_version: int, iv: bytes, tag: bytes, ciphertext: bytes) -> str:
    """Spell an envelope; the only spelling that `Envelope.parse` accepts."""
    return b64encode(
        b'{"keyVersion":%d,"v":1,"alg":"A256GCM","iv":"%b","tag":"%b","ct":"%b"}'
        % (key_version, b64encode(iv), b64encode(tag), b64encode(ciphertext))
    ).decode()


def length(plaintext_bytes: int, key_version: int) -> int:
    """Return the characters that an envelope takes for a secret of so many bytes."""
    return len(write(key_version, bytes(IV_BYTES), bytes(TAG_BYTES), bytes(plaintext_bytes)))


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


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        pass
    raise MalformedEnvelope("the envelope is not base64")


def _unpadded(part: bytes) -> bytes:
    try:
        return b64decode(part, validate=True)
    except ValueError:
        pass
    raise MalformedEnvelope("the envelope's ciphertext is not base64")
