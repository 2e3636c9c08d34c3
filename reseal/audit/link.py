"""A link of the chain: SHA-256 over the link before it and the digest of an event.

Over the digest, so that an event that is not shown can stand in a chain by its digest alone.
"""

import re
from hashlib import sha256
from typing import NamedTuple, Self

from reseal.errors import ConfigurationError

GENESIS = bytes(32)

_HEAD = re.compile(r"(?:(\d{1,19}):)?([0-9a-f]{64})")


def digest(body: str) -> bytes:
    """Return the digest of an event's spelling."""
    return sha256(body.encode()).digest()


def link(previous: bytes, digested: bytes) -> bytes:
    """Return the hash of an event, by the hash before it and its own digest."""
    return sha256(previous + digested).digest()


class Head(NamedTuple):
    """The hash, in hex, of the last of so many events; None where nobody has counted them."""

    events: int | None
    hash: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a head as it was printed, `12:9f…`, or a hash alone."""
        found = _HEAD.fullmatch(text.strip().lower())
        if found is None:
            raise ConfigurationError(
                f"{text!r} is not a head of the audit log; give it as `reseal audit verify` "
                "prints it: a number, a colon and 64 digits of hex, or these alone"
            )
        return cls(int(found[1]) if found[1] else None, found[2])

    def __str__(self) -> str:
        return self.hash if self.events is None else f"{self.events}:{self.hash}"


EMPTY = Head(0, GENESIS.hex())
