"""The spelling of many envelopes at once: those of one length are rows of bytes, side by side.

A few calls then encode or decode all of them; one by one, their spelling costs a sweep as much as
their encryption. What comes out is what `envelope` makes of each.
"""

from binascii import a2b_base64, b2a_base64
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from itertools import repeat
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from reseal.envelope import HEAD_CHARACTERS, IV_BYTES, TAG_BYTES, Parts, head_of, parts, version_of

Given = TypeVar("Given")
Made = TypeVar("Made")
Rows = npt.NDArray[np.uint8]

_TAG, _CT, _END = b'","tag":"', b'","ct":"', b'"}'
_IV_LETTERS, _TAG_LETTERS = 16, 24


class NotAlike(Exception):
    """The rows are not all spelled as they would be written."""


def write_all(key_version: int, ivs: bytes, sealed: Sequence[bytes]) -> list[str]:
    """Spell many envelopes under one key.

    `ivs` is one after the other, `sealed` ciphertext and tag together, as AES-GCM gives them.
    """
    if not sealed:
        return []
    head, iv_rows = head_of(key_version), _rows(ivs, len(sealed))

    def write_some(some: list[bytes], at: list[int]) -> list[str]:
        return _written(head, iv_rows[at], _rows(b"".join(some), len(some)))

    return _by_kind(len, write_some, sealed)


def parts_all(texts: Sequence[str]) -> list[Parts]:
    """Take many envelopes apart; raise NotSealed or MalformedEnvelope, never quoting one."""
    return _by_kind(_length_and_head, _parts, texts)


def _length_and_head(text: str) -> tuple[int, str]:
    return len(text), text[:HEAD_CHARACTERS]


def _by_kind(
    kind: Callable[[Given], Hashable],
    make: Callable[[list[Given], list[int]], list[Made]],
    given: Sequence[Given],
) -> list[Made]:
    """Make something of each, those of a kind together; return it in the order that was given."""
    kinds = list(map(kind, given))
    if len(set(kinds)) == 1:
        return make(list(given), list(range(len(given))))
    positions = defaultdict(list)
    for at, one in enumerate(kinds):
        positions[one].append(at)
    made: dict[int, Made] = {}
    for chosen in positions.values():
        made.update(zip(chosen, make([given[at] for at in chosen], chosen), strict=True))
    return [made[at] for at in range(len(given))]


def _written(head: bytes, ivs: Rows, sealed: Rows) -> list[str]:
    iv, tag = _encoded(ivs), _encoded(sealed[:, -TAG_BYTES:])
    spelled = _beside(head, iv, _TAG, tag, _CT, _encoded(sealed[:, :-TAG_BYTES]), _END)
    letters = _encoded(spelled)
    text, length = letters.tobytes().decode(), letters.shape[1]
    return [text[at : at + length] for at in range(0, len(text), length)]


def _parts(texts: list[str], _at: list[int]) -> list[Parts]:
    try:
        return _read(texts)
    except (NotAlike, ValueError):
        # Not all are as they would be written: each for itself shows which.
        pass
    return list(map(parts, texts))


def _read(texts: list[str]) -> list[Parts]:
    version = version_of(texts[0][:HEAD_CHARACTERS])
    if version is None:
        raise NotAlike
    head = head_of(version)
    spelled = _decoded(_rows("".join(texts).encode("ascii"), len(texts)))
    tag_from = len(head) + _IV_LETTERS + len(_TAG)
    ct_from = tag_from + _TAG_LETTERS + len(_CT)
    iv = spelled[:, len(head) : tag_from - len(_TAG)]
    tag, ciphertext = spelled[:, tag_from : ct_from - len(_CT)], spelled[:, ct_from : -len(_END)]
    if not np.array_equal(spelled, _beside(head, iv, _TAG, tag, _CT, ciphertext, _END)):
        raise NotAlike
    ivs, tags = _decoded(iv), _decoded(tag)
    if (ivs.shape[1], tags.shape[1]) != (IV_BYTES, TAG_BYTES):
        raise NotAlike
    sealed = _beside(_decoded(ciphertext), tags)
    return list(map(Parts, repeat(version), _cut(ivs), _cut(sealed)))


def _encoded(rows: Rows) -> Rows:
    """Return the base64 of each row."""
    padding = -rows.shape[1] % 3
    padded = np.pad(rows, ((0, 0), (0, padding)))
    letters = _rows(bytearray(b2a_base64(padded.data, newline=False)), len(rows))
    letters[:, letters.shape[1] - padding :] = ord("=")
    return letters


def _decoded(letters: Rows) -> Rows:
    """Return the bytes of each row; raise NotAlike where they are not what it is the base64 of."""
    rows, characters = letters.shape
    padding = len(tail) - len(tail.rstrip(b"=")) if (tail := letters[0, -2:].tobytes()) else 0
    whole = letters.copy()
    padded = whole[:, characters - padding :]
    if not (padded == ord("=")).all():
        raise NotAlike
    padded[:] = ord("A")
    octets = a2b_base64(whole.data)
    # Whatever is no letter would have been left out.
    if len(octets) * 4 != rows * characters * 3:
        raise NotAlike
    found = _rows(octets, rows)
    if found[:, found.shape[1] - padding :].any():
        raise NotAlike
    return found[:, : found.shape[1] - padding]


def _beside(*columns: bytes | Rows) -> Rows:
    """Put columns beside each other; what every row has alike comes as bytes."""
    rows = max(len(column) for column in columns if isinstance(column, np.ndarray))
    return np.concatenate(
        [
            column
            if isinstance(column, np.ndarray)
            else np.broadcast_to(np.frombuffer(column, np.uint8), (rows, len(column)))
            for column in columns
        ],
        axis=1,
    )


def _rows(octets: bytes | bytearray, rows: int) -> Rows:
    return np.frombuffer(octets, np.uint8).reshape(rows, -1)


def _cut(rows: Rows) -> list[bytes]:
    octets, length = rows.tobytes(), rows.shape[1]
    return [octets[at : at + length] for at in range(0, len(octets), length)]
