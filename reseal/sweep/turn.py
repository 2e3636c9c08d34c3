"""The three ways to turn a row: one loop serves them all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reseal.envelope import Envelope
from reseal.envelopes import parts_all, write_all
from reseal.keyring import FieldCipher
from reseal.place import KeyPart
from reseal.shape import Shape
from reseal.store.column import Column

Apply = Callable[[FieldCipher, Column, tuple[KeyPart, ...], str], str]
ApplyAll = Callable[[FieldCipher, Column, Sequence[tuple[KeyPart, ...]], Sequence[str]], list[str]]


class Turn(StrEnum):
    """What a sweep does to each row that it wants."""

    SEAL = "seal"
    RESEAL = "reseal"
    UNSEAL = "unseal"


@dataclass(frozen=True, slots=True)
class TurnRule:
    """Which shapes a turn changes, which it must quarantine, and how it changes one value.

    `changes_all` does the same to many values, and raises where one of them cannot be changed.
    """

    changes: dict[Shape, Apply]
    quarantines: frozenset[Shape]
    changes_all: dict[Shape, ApplyAll]


def _seal(cipher: FieldCipher, column: Column, key: tuple[KeyPart, ...], text: str) -> str:
    return cipher.seal_text(key, column.secret(text))


def _reseal(cipher: FieldCipher, _column: Column, key: tuple[KeyPart, ...], text: str) -> str:
    return cipher.seal_text(key, cipher.open(key, Envelope.parse(text)))


def _unseal(cipher: FieldCipher, column: Column, key: tuple[KeyPart, ...], text: str) -> str:
    return column.text(cipher.open(key, Envelope.parse(text)))


def _seal_all(
    cipher: FieldCipher,
    column: Column,
    keys: Sequence[tuple[KeyPart, ...]],
    texts: Sequence[str],
) -> list[str]:
    return write_all(*cipher.seal_all(keys, column.secrets(texts)))


def _reseal_all(
    cipher: FieldCipher,
    _column: Column,
    keys: Sequence[tuple[KeyPart, ...]],
    texts: Sequence[str],
) -> list[str]:
    return write_all(*cipher.seal_all(keys, cipher.open_all(keys, parts_all(texts))))


_NOT_OURS = frozenset({Shape.FOREIGN, Shape.UNRECOGNISED})

RULES = {
    Turn.SEAL: TurnRule({Shape.PLAIN: _seal}, _NOT_OURS, {Shape.PLAIN: _seal_all}),
    # A row that was enrolled in plaintext since goes straight under the new key.
    Turn.RESEAL: TurnRule(
        {Shape.PLAIN: _seal, Shape.SEALED: _reseal},
        _NOT_OURS,
        {Shape.PLAIN: _seal_all, Shape.SEALED: _reseal_all},
    ),
    Turn.UNSEAL: TurnRule({Shape.SEALED: _unseal}, frozenset(), {}),
}
