"""What old secrets are found by: words of them in bitmaps, and a keyed sum of the whole.

A file is cut into words of eight bytes. Of a secret of 15 bytes or more, wherever it stands, one of
these words lies within it and begins at one of its first eight bytes: so those eight words of each
secret are enough to know, and a file need not be looked at from every byte on. Shorter secrets have
a closer grid. A word that is in the bitmaps is looked at once more, as a whole secret.

What is kept are bits and keyed sums under keys of this object's own; no secret, and nothing of it
that leaves the process.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Octets = NDArray[np.uint8]
Starts = NDArray[np.int64]

WORD = 8
# One that is shorter, or has fewer different bytes, is met by chance in any large file.
SHORTEST = 8
FEWEST_DIFFERENT = 5
# As many as fill an eighth of the bits or less. Where there are more, sieves of twice the size are
# filled to a quarter, which is slower than that and faster than to look at everything once more.
_WORD_BITS, _FEW_WORDS = 26, 2**23
_MANY_BITS, _MANY_WORDS = 27, 2**25
_SUM_BITS = 25


def bits_for(secrets: int) -> int:
    """Return how many bits the sieves for about so many secrets had best have, as a power of 2."""
    return _WORD_BITS if secrets * WORD <= _FEW_WORDS else _MANY_BITS


def grid(length: int) -> int:
    """Return how many bytes apart the words may lie of which one is within a secret."""
    return min(WORD, 1 << (length - WORD + 1).bit_length() - 1)


class Hits(NamedTuple):
    """Where secrets of one length begin."""

    starts: Starts
    length: int


class _Bits:
    """A set of 64-bit numbers that may hold some more than it was given: none is forgotten."""

    def __init__(self, bits: int) -> None:
        self._shift = np.uint64(64 - bits)
        self._key = np.uint64(secrets.randbits(64) | 1)
        self._octets: Octets = np.zeros(2**bits // 8, dtype=np.uint8)

    def add(self, numbers: Words) -> None:
        octet, bit = self._places(numbers)
        for number in range(8):
            # Of equal places all write the same.
            self._octets[octet[np.flatnonzero(bit == number)]] |= np.uint8(1 << number)

    def where(self, numbers: Words) -> Starts:
        """Return the indexes of the numbers that may have been given."""
        octet, bit = self._places(numbers)
        # Done in place: most of the time of a look is here.
        found = self._octets.take(octet, mode="wrap")
        found >>= bit
        found &= 1
        return np.flatnonzero(found.view(np.bool_))

    def _places(self, numbers: Words) -> tuple[Starts, Octets]:
        hashed = numbers * self._key
        hashed >>= self._shift
        # As signed numbers they are indexes as they stand.
        octet = hashed.view(np.int64)
        bit = octet.astype(np.uint8)
        bit &= 7
        octet >>= 3
        return octet, bit


@dataclass(slots=True)
class _Grid:
    """The words of all secrets that need the same grid, and which lengths those have."""

    sieves: tuple[_Bits, ...]
    lengths: set[int] = field(default_factory=set)

    def candidates(self, words: Words) -> Starts:
        """Return the indexes of the words that may be a secret's: most fall out at the first."""
        first, *others = self.sieves
        left = first.where(words)
        for sieve in others:
            left = left[sieve.where(words[left])]
        return left


class Needles:
    """Old secrets to look for; `words` is how much of the room is taken, `plain` were left out.

    Of 2^`bits` bits each sieve has; where they are full, more is looked at twice.
    """

    def __init__(self, bits: int = _WORD_BITS) -> None:
        self._bits = bits
        self.words = self.plain = self.secrets = 0
        self.longest = SHORTEST
        self._grids: dict[int, _Grid] = {}
        self._keys: Words = np.zeros(0, dtype=np.uint64)
        self._likely = _Bits(min(bits, _SUM_BITS))
        self._sums: list[Words] = []
        self._sorted: Words = np.zeros(0, dtype=np.uint64)

    @property
    def is_full(self) -> bool:
        """Whether more of them are better looked for in another turn."""
        return self.words >= (_FEW_WORDS if self._bits <= _WORD_BITS else _MANY_WORDS)

    def add(self, octets: Iterable[bytes]) -> None:
        """Take secrets in; those that are too plain to tell are counted and left out."""
        by_length: dict[int, list[bytes]] = defaultdict(list)
        for one in octets:
            by_length[len(one)].append(one)
        for length, some in by_length.items():
            if length < SHORTEST:
                self.plain += len(some)
            else:
                self._add(length, some)

    def _add(self, length: int, some: Sequence[bytes]) -> None:
        rows = _telling(np.frombuffer(b"".join(some), dtype=np.uint8).reshape(-1, length))
        self.plain += len(some) - len(rows)
        if not len(rows):
            return
        step = grid(length)
        of_grid = self._grids.get(step)
        if of_grid is None:
            of_grid = self._grids[step] = _Grid((_Bits(self._bits), _Bits(self._bits)))
        of_grid.lengths.add(length)
        for first in range(step):
            words = _words(rows[:, first : first + WORD])[:, 0]
            for sieve in of_grid.sieves:
                sieve.add(words)
        sums = self._sum(rows)
        self._likely.add(sums)
        self._sums.append(sums)
        self.longest = max(self.longest, length)
        self.secrets += len(rows)
        self.words += len(rows) * step

    def settle(self) -> Self:
        """Make ready to find what was added; several threads may find then."""
        self._sums.append(self._sorted)
        self._sorted = _joined(self._sums)
        self._sorted.sort()
        return self

    def find(self, octets: bytes) -> list[Hits]:
        """Return where secrets begin in some bytes, each place once."""
        return [
            Hits(starts, length)
            for step, of_grid in self._grids.items()
            for shift in range(0, WORD, step)
            for length, starts in self._found(octets, of_grid, step, shift)
            if starts.size
        ]

    def starts(self, octets: bytes) -> Starts:
        """Return the same, whichever secrets they are."""
        found = [hits.starts for hits in self.find(octets)]
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)

    def _found(
        self, octets: bytes, of_grid: _Grid, step: int, shift: int
    ) -> Iterable[tuple[int, Starts]]:
        count = (len(octets) - shift) // WORD
        if count <= 0:
            return
        words = np.frombuffer(octets, dtype="<u8", offset=shift, count=count)
        at = of_grid.candidates(words) * WORD + shift
        if at.size:
            # A secret begins where a word of it does, or some bytes before.
            begins = (at[:, None] - np.arange(step)).ravel()
            for length in sorted(of_grid.lengths):
                yield length, self._confirmed(octets, begins, length)

    def _confirmed(self, octets: bytes, begins: Starts, length: int) -> Starts:
        begins = begins[(begins >= 0) & (begins <= len(octets) - length)]
        if not begins.size:
            return begins
        windows = np.lib.stride_tricks.sliding_window_view(
            np.frombuffer(octets, dtype=np.uint8), length
        )
        sums = self._sum(windows[begins])
        likely = self._likely.where(sums)
        return begins[likely[self._is_known(sums[likely])]]

    def _is_known(self, sums: Words) -> NDArray[np.bool_]:
        at = np.searchsorted(self._sorted, sums)
        at[at == len(self._sorted)] = 0
        known: NDArray[np.bool_] = self._sorted[at] == sums
        return known

    def _sum(self, rows: Octets) -> Words:
        """Return the keyed sum of each row's words and of its length, modulo 2^64."""
        length = rows.shape[1]
        words = _words(rows)
        missing = words.shape[1] + 1 - len(self._keys)
        if missing > 0:
            more = [secrets.randbits(64) | 1 for _ in range(missing)]
            self._keys = np.concatenate([self._keys, np.array(more, dtype=np.uint64)])
        keys = self._keys[1 : words.shape[1] + 1]
        total = np.full(len(words), np.uint64(length), dtype=np.uint64) * self._keys[0]
        for column, key in zip(words.T, keys, strict=True):
            total += column * key
        mixed: Words = total ^ (total >> np.uint64(29))
        return mixed


def _joined(parts: list[Words]) -> Words:
    """Join parts, each of which is let go once it is copied, so that all are there once."""
    whole: Words = np.empty(sum(map(len, parts)), dtype=np.uint64)
    at = 0
    while parts:
        part = parts.pop()
        whole[at : at + len(part)] = part
        at += len(part)
    return whole


def _telling(rows: Octets) -> Octets:
    """Return the rows that have enough different bytes, which mostly the first of them show."""
    enough = _different(rows[:, :SHORTEST]) >= FEWEST_DIFFERENT
    enough[~enough] = _different(rows[~enough]) >= FEWEST_DIFFERENT
    return rows if enough.all() else rows[enough]


def _different(rows: Octets) -> NDArray[np.int64]:
    ordered = np.sort(rows, axis=1)
    counts: NDArray[np.int64] = (ordered[:, 1:] != ordered[:, :-1]).sum(axis=1) + 1
    return counts


def _words(rows: Octets) -> Words:
    """Return the rows as words of eight bytes, the last one filled up with zeros."""
    missing = -rows.shape[1] % WORD
    whole = np.pad(rows, ((0, 0), (0, missing))) if missing else np.ascontiguousarray(rows)
    words: Words = whole.view("<u8")
    return words
