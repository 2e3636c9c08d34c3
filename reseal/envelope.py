"""The sealed text that stands in the column.

    base64( {"keyVersion":3,"v":1,"alg":"A256GCM","iv":"...","tag":"...","ct":"..."} )
             ^ first, so that SQL can count by key version from the first characters

One secret sealed once has one spelling: parsing accepts only what writing gives back.
"""

import re
from base64 import b64decode, b64encode
from binascii import a2b_base64 as _octets
from binascii import b2a_base64
from dataclasses import dataclass
from functools import partial

from reseal.errors import MalformedEnvelope, NotSealed

# Without the checks that base64 makes first, which for what is written anew prove nothing.
_base64 = partial(b2a_base64, newline=False)

ALG = "A256GCM"
IV_BYTES = 12
TAG_BYTES = 16

# Base64 of `{"keyVersion":` as far as it does not depend on the digit that follows.
PREFIX = "eyJrZXlWZXJzaW9uIjo"
# As many characters as show the whole version, up to 99999, and nothing that is random.
HEAD_CHARACTERS = 28

# Where the values stand in the JSON, of which all but the version have a place of their own.
_DIGITS = len('{"keyVersion":')
_TO_IV = len(',"v":1,"alg":"A256GCM","iv":"')
_TO_TAG = _TO_IV + 16 + len('","tag":"')
_TO_CIPHERTEXT = _TO_TAG + 24 + len('","ct":"')
_MOST_VERSION = 999_999_999
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
        try:
            said = _octets(text)
            end = said.index(b",", _DIGITS)
            version, iv = int(said[_DIGITS:end]), _octets(said[end + _TO_IV : end + _TO_IV + 16])
            tag = _octets(said[end + _TO_TAG : end + _TO_TAG + 24])
            ciphertext = _octets(said[end + _TO_CIPHERTEXT : -2])
        except ValueError:
            version = 0
        # Reading is generous; only what writing gives back is accepted.
        is_whole = 0 < version <= _MOST_VERSION and len(iv) == IV_BYTES and len(tag) == TAG_BYTES
        if is_whole and write(version, iv, tag, ciphertext) == text:
            return cls(version, iv, tag, ciphertext)
        raise MalformedEnvelope("the envelope is not in its one accepted spelling")


def write(key_version: int, iv: bytes, tag: bytes, ciphertext: bytes) -> str:
    """Spell an envelope; the only spelling that `Envelope.parse` accepts."""
    return _base64(
        b'{"keyVersion":%d,"v":1,"alg":"A256GCM","iv":"%b","tag":"%b","ct":"%b"}'
        % (key_version, _base64(iv), _base64(tag), _base64(ciphertext))
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
