"""Envelopes through everything that reads them: the parser, the keyring, the vault, the shapes."""

from random import Random
from typing import ClassVar, NamedTuple

from reseal.config import Config
from reseal.envelope import (
    HEAD_CHARACTERS,
    Envelope,
    looks_sealed,
    version_of,
)
from reseal.errors import EnvelopeError
from reseal.field import Field
from reseal.foreign import describe_foreign, is_foreign, kind_of
from reseal.given import Value, secret_of, text_of
from reseal.keyring import DataKey, Keyring, KeyState
from reseal.place import Place
from reseal.secret import Secret
from reseal.shape import PATTERNS, Shape
from reseal.steps import Ask, Renewal, drive
from reseal.vault_core import Plaintext, VaultCore
from tests.fuzz.edits import edited
from tests.fuzz.envelope_edits import ENVELOPE_EDITS, Sealed
from tests.fuzz.subject import Case, need

_FIELDS = tuple(Field(f"users.{name}", "public", "users", name, format=name) for name in PATTERNS)
_NAME = _FIELDS[0].name
_HALF_PAIRS = ("utf-8", "surrogatepass")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_HOWS = tuple(ENVELOPE_EDITS)


class Reading(NamedTuple):
    """The row where a text stands, whether its column is a `bytea`, and as what it is looked at."""

    row: Sealed
    is_bytes: bool
    field: Field


class Envelopes:
    """The envelopes of some rows under two keys, and all that reads them."""

    name: ClassVar[str] = "envelopes"
    count: ClassVar[int] = 1_000_000

    def __init__(self) -> None:
        self.keyring = _keyring()
        self.vaults = [self._vault(policy) for policy in (Plaintext.ALLOW, Plaintext.REFUSE)]
        self.sealed = _sealed()
        self.by_text = {one.text: one for one in self.sealed}

    def case(self, random: Random) -> Case:
        one, other = random.sample(self.sealed, 2)
        how = random.choice(_HOWS)
        text = ENVELOPE_EDITS[how](random, one, other)
        if random.random() < 0.1:
            _, content = edited(random, text.encode(*_HALF_PAIRS), other.text.encode())
            how, text = "two edits", content.decode("utf-8", "surrogateescape")
        row = other if how == "moved to another row" else one
        return Case(how, text, Reading(row, random.random() < 0.2, random.choice(_FIELDS)))

    def answer(self, case: Case) -> str:
        text, reading = case.given, case.wanted
        original = self.by_text.get(text)
        mine = original.secret if original and original.key == reading.row.key else None
        said = self._opened(text, reading.row, mine)
        stored = text.encode(*_HALF_PAIRS) if reading.is_bytes else text
        for vault in self.vaults:
            self._read(vault, reading.row, stored, mine)
        _look(reading.field, text)
        return said

    def _opened(self, text: str, row: Sealed, mine: str | None) -> str:
        try:
            envelope = Envelope.parse(text)
            need(str(envelope) == text, "another spelling was accepted")
            secret = self.keyring.open(Place(_NAME, (row.key,)), envelope).reveal()
        except EnvelopeError as error:
            _need_discreet(error, row)
            need(mine is None, "the original does not open")
            return type(error).__name__
        need(secret == mine, "something opens that is not the original")
        return "opens"

    def _read(self, vault: VaultCore, row: Sealed, stored: Value, mine: str | None) -> None:
        try:
            at_hand = vault.at_hand(_NAME, row.key, stored)
            secret = at_hand or drive(vault.read(_NAME, row.key, stored), _alone)
        except EnvelopeError as error:
            _need_discreet(error, row)
            need(mine is None, "the original is not read")
            return
        if looks_sealed(text_of(stored)) or vault.policy is Plaintext.REFUSE:
            need(secret.reveal() == mine, "something is read that is not the original")
        else:
            need(secret.matches(secret_of(stored)), "plaintext is not read as it stands")

    def _vault(self, policy: Plaintext) -> VaultCore:
        vault = VaultCore(Config(_FIELDS), NoKek(), policy, lambda: 0.0)
        vault.keyring = self.keyring
        return vault


def _look(field: Field, text: str) -> None:
    """Ask what a value is, which must have an answer for any."""
    shape = field.shape(text)
    need(shape is not Shape.SEALED or looks_sealed(text), "sealed without the prefix")
    need(shape is not Shape.PLAIN or not looks_sealed(text), "an envelope is taken for a secret")
    need(is_foreign(text) == (kind_of(text) is not None), "foreign, and of no kind")
    need(bool(describe_foreign(text)), "nothing is said of a foreign value")
    version_of(text[:HEAD_CHARACTERS])


class NoKek:
    """A key-encryption key that nobody asks."""

    uri = "none"

    def wrap(self, material: bytes, context: bytes) -> bytes:
        """Refuse."""
        raise NotImplementedError

    unwrap = wrap


def _alone(ask: Ask) -> None:
    # A version that is not known may be looked for; nobody here knows more.
    need(isinstance(ask, Renewal), "the vault asks for something else")


def _keyring() -> Keyring:
    return Keyring(
        [
            DataKey(1, KeyState.RETIRING, bytes([1]) * 32),
            DataKey(12, KeyState.ACTIVE, bytes([12]) * 32),
        ]
    )


def _sealed() -> list[Sealed]:
    """Return the same envelopes each time, so that a case can be repeated."""
    random, made = Random("envelopes"), []
    for version in (1, 12):
        states = {1: KeyState.ACTIVE if version == 1 else KeyState.RETIRING}
        states[12] = KeyState.ACTIVE if version == 12 else KeyState.RETIRING
        cipher = Keyring(
            [DataKey(number, state, bytes([number]) * 32) for number, state in states.items()]
        ).cipher(_NAME)
        for key in range(20):
            secret = "".join(random.choices(_LETTERS, k=random.choice((16, 26, 32, 52))))
            envelope = cipher._seal((key,), Secret(secret), random.randbytes(12))
            made.append(Sealed(key, secret, envelope, str(envelope)))
    return made


def _need_discreet(error: EnvelopeError, row: Sealed) -> None:
    need(row.secret not in str(error), "an error names a secret")
    need(error.__cause__ is None and error.__context__ is None, "an error has a cause")
