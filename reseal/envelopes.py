"""The spelling of many envelopes at once: those of one length are rows of bytes, side by side.

A few calls then encode or decode all of them; one by one, their spelling costs a sweep as much as
their encryption. What comes out is what `envelope` makes of each.
"""

from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from itertools import chain, repeat
from operator import add
from typing import NamedTuple

from reseal.envelope import (
    HEAD_CHARACTERS,
    IV_BYTES,
    TAG_BYTES,
    Parts,
    head_of,
    parts,
    version_of,
    write,
)

# What stands between iv, tag and ciphertext, whose letters are these many without the padding.
_TAG, _CT, _END = b'","tag":"', b'","ct":"', b'"}'
_IV_LETTERS, _TAG_LETTERS, _TAG_PADDING = 16, 22, 2
# As many as fit, with all that is made of them, into the nearer caches of a processor.
_ROWS_AT_ONCE = 1000


class NotAlike(Exception):
    """The rows are not all spelled as they would be written."""


class Rows(NamedTuple):
    """Rows of one width, one after the other."""

    octets: bytes | bytearray
    width: int

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.octets) // self.width

    def cut(self, first: int, count: int) -> list[bytes]:
        """Return so many columns of each, from there."""
        octets = bytes(self.octets)
        return [octets[at : at + count] for at in range(first, len(octets), self.width)]

    def put(self, at: int, source: "Rows", first: int, count: int) -> None:
        """Copy so many columns of another's from there to here; each of them is one call."""
        octets, width = self.octets, self.width
        for column in range(count):
            octets[at + column :: width] = source.octets[first + column :: source.width]  # type: ignore[index]


def write_all(key_version: int, ivs: bytes, sealed: Sequence[bytes]) -> list[str]:
    """Spell many envelopes under one key.

    `ivs` is one after the other, `sealed` ciphertext and tag together, as AES-GCM gives them.
    """
    texts: list[str] = []
    for first in range(0, len(sealed), _ROWS_AT_ONCE):
        some = sealed[first : first + _ROWS_AT_ONCE]
        some_ivs = ivs[first * IV_BYTES : (first + len(some)) * IV_BYTES]
        texts += _write(key_version, some_ivs, some)
    return texts


def parts_all(texts: Sequence[str]) -> list[Parts]:
    """Take many envelopes apart; raise NotSealed or MalformedEnvelope, never quoting one."""
    starts = range(0, len(texts), _ROWS_AT_ONCE)
    return [one for first in starts for one in _parts(texts[first : first + _ROWS_AT_ONCE])]


def _write(key_version: int, ivs: bytes, sealed: Sequence[bytes]) -> list[str]:
    if len(set(map(len, sealed))) == 1:
        together = Rows(b"".join(sealed), len(sealed[0]))
        return _written(head_of(key_version), Rows(ivs, IV_BYTES), together)
    return [
        write(key_version, iv, one[-TAG_BYTES:], one[:-TAG_BYTES])
        for iv, one in zip(Rows(ivs, IV_BYTES).cut(0, IV_BYTES), sealed, strict=True)
    ]


def _written(head: bytes, ivs: Rows, sealed: Rows) -> list[str]:
    ct_bytes = sealed.width - TAG_BYTES
    iv, tag = _encoded(ivs, 0, IV_BYTES), _encoded(sealed, ct_bytes, TAG_BYTES)
    ciphertext, ct_padding = _encoded(sealed, 0, ct_bytes), -ct_bytes % 3
    ct_letters = ciphertext.width - ct_padding
    row = head + bytes(_IV_LETTERS) + _TAG + bytes(_TAG_LETTERS) + b"=" * _TAG_PADDING + _CT
    tag_from, ct_from = len(head) + _IV_LETTERS + len(_TAG), len(row)
    row += bytes(ct_letters) + b"=" * ct_padding + _END
    padding = -len(row) % 3
    row += bytes(padding)
    spelled = Rows(bytearray(row * sealed.rows), len(row))
    spelled.put(len(head), iv, 0, _IV_LETTERS)
    spelled.put(tag_from, tag, 0, _TAG_LETTERS)
    spelled.put(ct_from, ciphertext, 0, ct_letters)
    letters, width = b2a_base64(spelled.octets, newline=False).decode(), len(row) // 3 * 4
    return [
        letters[at : at + width - padding] + "=" * padding for at in range(0, len(letters), width)
    ]


def _encoded(source: Rows, first: int, count: int) -> Rows:
    """Return the base64 of columns; where padding belongs, it has letters that say nothing."""
    padding = -count % 3
    whole = source
    if padding or count != source.width:
        whole = Rows(bytearray((count + padding) * source.rows), count + padding)
        whole.put(0, source, first, count)
    return Rows(b2a_base64(whole.octets, newline=False), (count + padding) // 3 * 4)


def _parts(texts: Sequence[str]) -> list[Parts]:
    try:
        return _read(texts)
    except (NotAlike, ValueError):
        # Not all are as they would be written: each for itself shows which.
        pass
    return list(map(parts, texts))


def _read(texts: Sequence[str]) -> list[Parts]:
    version = version_of(texts[0][:HEAD_CHARACTERS])
    if version is None or len(set(map(len, texts))) != 1:
        raise NotAlike
    head = head_of(version)
    spelled, padding = _decoded(Rows("".join(texts).encode("ascii"), len(texts[0])))
    tag_from = len(head) + _IV_LETTERS + len(_TAG)
    ct_from = tag_from + _TAG_LETTERS + _TAG_PADDING + len(_CT)
    end = _END + bytes(padding)
    iv = spelled.cut(len(head), _IV_LETTERS)
    tag = spelled.cut(tag_from, _TAG_LETTERS + _TAG_PADDING)
    ciphertext = spelled.cut(ct_from, spelled.width - len(end) - ct_from)
    # Of the same letters it would be written like this, and not otherwise.
    fields = zip(
        repeat(head), iv, repeat(_TAG), tag, repeat(_CT), ciphertext, repeat(end), strict=False
    )
    if b"".join(chain.from_iterable(fields)) != spelled.octets:
        raise NotAlike
    return _said(version, iv, tag, ciphertext)


def _said(version: int, *fields: list[bytes]) -> list[Parts]:
    ivs, tags, ciphertexts = (
        decoded.cut(0, decoded.width - padding)
        for decoded, padding in (_decoded(Rows(b"".join(rows), len(rows[0]))) for rows in fields)
    )
    if (len(ivs[0]), len(tags[0])) != (IV_BYTES, TAG_BYTES):
        raise NotAlike
    return list(map(Parts, repeat(version), ivs, map(add, ciphertexts, tags)))


def _decoded(letters: Rows) -> tuple[Rows, int]:
    """Return what rows of base64 say, and how many zeros each has at its end for the padding."""
    octets, width = bytes(letters.octets), letters.width
    if not width or width % 4:
        raise NotAlike
    padding = width - len(octets[:width].rstrip(b"="))
    ends = b"".join([octets[width - at :: width] for at in range(1, padding + 1)])
    if padding > 2 or ends.strip(b"=") or octets.count(b"=") != padding * letters.rows:
        raise NotAlike
    # Letters that say nothing, which show as zeros; whatever is no letter would be left out.
    said = a2b_base64(octets.replace(b"=", b"A"))
    found = Rows(said, width // 4 * 3)
    if len(said) * 4 != len(octets) * 3 or any(
        said[found.width - at :: found.width].strip(b"\0") for at in range(1, padding + 1)
    ):
        raise NotAlike
    return found, padding
