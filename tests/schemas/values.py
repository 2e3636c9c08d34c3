"""Secrets and neighbours as applications write them; the same ones in every run."""

import random
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.schemas.schema import Cell, secret

ROWS = 24
HOSTILE = ("", "it's", 'a "b"', "tab\there", "line\nbreak", "back\\slash", "%s and 100%", "ünïcødé")


@dataclass(frozen=True)
class Dice:
    """A source of values of its own for each table, so that no two tables share a secret."""

    random: random.Random

    @classmethod
    def of(cls, name: str) -> "Dice":
        """The dice of one table."""
        return cls(random.Random(name))

    def base32(self, size: int = 20) -> str:
        """Base32 without padding: 20 bytes are 32 characters."""
        return b32encode(self.random.randbytes(size)).decode().rstrip("=")

    def hex(self, size: int = 20) -> str:
        """Lower-case hexadecimal."""
        return self.random.randbytes(size).hex()

    def octets(self, size: int = 20) -> bytes:
        """Raw bytes."""
        return self.random.randbytes(size)

    def uri(self, more: str = "") -> str:
        """What an authenticator scans."""
        user = self.random.randrange(10**6)
        return f"otpauth://totp/Shop:u{user}%40example.com?secret={self.base32()}&issuer=Shop{more}"

    def code(self) -> str:
        """A recovery code, in two halves."""
        return f"{self.random.randrange(16**5):05x}-{self.random.randrange(16**5):05x}"

    def note(self) -> str:
        """What stands beside a secret and must not change."""
        return f"{self.random.choice(HOSTILE)} {self.random.random()}"


def numbered(*cells: Any) -> tuple[tuple[Any, ...], ...]:
    """Rows of `id`, `note` and a secret; each note is one that a careless program would spoil."""
    return tuple(
        (number, HOSTILE[number % len(HOSTILE)], cell) for number, cell in enumerate(cells, start=1)
    )


def mixed(secrets: Iterable[Cell], *others: Any) -> list[Any]:
    """The secrets, with the other values strewn between them."""
    cells: list[Any] = list(secrets)
    for at, other in enumerate(others):
        cells.insert((1 + at * 3) % (len(cells) + 1), other)
    return cells


def base32s(dice: Dice, size: int = 20, rows: int = ROWS) -> list[Cell]:
    """So many base32 secrets."""
    return [secret(dice.base32(size)) for _ in range(rows)]
