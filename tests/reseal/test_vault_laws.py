"""What holds of every secret and every envelope, read by a vault that can ask nobody.

Its answer to any ask is to fail: a read whose key is loaded sends no statement.
"""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reseal import Config, Envelope, EnvelopeError
from reseal.envelope import PREFIX
from reseal.errors import UnknownKeyVersion, WillNotOpen
from reseal.field import Field
from reseal.keyring import DataKey, Keyring, KeyState
from reseal.shape import PATTERNS, Shape
from reseal.steps import Ask, Renewal, drive
from reseal.vault_core import Plaintext, VaultCore

FORMATS = sorted(PATTERNS)
FIELDS = tuple(Field(f"users.{name}", "public", "users", name, format=name) for name in FORMATS)
KEYS = [
    DataKey(1, KeyState.RETIRING, bytes([1]) * 32),
    DataKey(2, KeyState.ACTIVE, bytes([2]) * 32),
]


class NoKek:
    """A key-encryption key that must not be asked."""

    uri = "none"

    def wrap(self, material, context):
        raise AssertionError

    unwrap = wrap


class Alone:
    """A vault whose keys are loaded and whose database and key service are out of reach."""

    def __init__(self):
        self.core = VaultCore(Config(FIELDS), NoKek(), Plaintext.ALLOW, lambda: 0.0)
        self.core.keyring = Keyring(KEYS)
        self.asked: list[Ask] = []

    def answer(self, ask):
        # An unknown version may be looked for; here nobody knows of it.
        assert isinstance(ask, Renewal), f"{ask} was asked"
        self.asked.append(ask)

    def seal(self, field, key, plain):
        return drive(self.core.seal(field, key, plain), self.answer)

    def read(self, field, key, stored):
        return drive(self.core.read(field, key, stored), self.answer)


VAULT = Alone()
row_keys = st.one_of(st.integers(-(2**63), 2**63 - 1), st.text(max_size=20), st.uuids())


def legal(name):
    """Whatever a field of this format takes for a secret in the clear."""
    field = Config(FIELDS).field(f"users.{name}")
    texts = st.from_regex(field.pattern, fullmatch=False)
    return texts.filter(lambda text: field.shape(text) is Shape.PLAIN)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60)
@given(data=st.data(), key=row_keys)
def test_every_legal_secret_comes_back_byte_for_byte(name, data, key):
    plain = data.draw(legal(name))

    stored = VAULT.seal(f"users.{name}", key, plain)

    assert VAULT.read(f"users.{name}", key, stored).reveal() == plain
    assert not VAULT.asked
    assert plain not in stored or len(plain) < 8


@given(plain=st.binary(min_size=10, max_size=35), key=row_keys)
def test_every_raw_key_comes_back_byte_for_byte(plain, key):
    stored = VAULT.seal("users.bytes", key, plain)

    assert VAULT.read("users.bytes", key, stored.encode()).octets() == plain


@pytest.mark.parametrize("name", FORMATS)
def test_every_one_bit_change_of_an_envelope_is_refused(name):
    field, key = f"users.{name}", 42
    stored = VAULT.seal(field, key, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    octets = stored.encode()

    for at in range(len(octets)):
        for bit in range(8):
            changed = bytearray(octets)
            changed[at] ^= 1 << bit
            with pytest.raises(EnvelopeError):
                VAULT.read(field, key, changed.decode("latin-1"))


@given(st.data(), row_keys)
def test_every_one_bit_change_of_what_is_inside_is_refused(data, key):
    envelope = Envelope.parse(VAULT.seal("users.text", key, data.draw(legal("text"))))
    part = data.draw(st.sampled_from(["iv", "tag", "ciphertext"]))
    octets = bytearray(getattr(envelope, part))
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    changed: dict[str, Any] = {part: bytes(octets)}

    with pytest.raises(WillNotOpen):
        VAULT.read("users.text", key, str(replace(envelope, **changed)))


@given(one=row_keys, other=row_keys)
def test_every_swap_of_two_rows_is_refused(one, other):
    assume((type(one), one) != (type(other), other))
    stored = VAULT.seal("users.base32", one, "JBSWY3DPEHPK3PXP")

    with pytest.raises(WillNotOpen):
        VAULT.read("users.base32", other, stored)


@given(st.permutations(FORMATS))
def test_every_swap_of_two_columns_is_refused(names):
    stored = VAULT.seal(f"users.{names[0]}", 1, "JBSWY3DPEHPK3PXP")

    with pytest.raises(WillNotOpen):
        VAULT.read(f"users.{names[1]}", 1, stored)


@given(st.integers(1, 99_999), row_keys)
def test_every_edit_of_the_key_version_is_refused(version, key):
    envelope = Envelope.parse(VAULT.seal("users.base32", key, "JBSWY3DPEHPK3PXP"))
    assume(version != envelope.key_version)

    with pytest.raises((UnknownKeyVersion, WillNotOpen)):
        VAULT.read("users.base32", key, str(replace(envelope, key_version=version)))
    VAULT.asked.clear()


@given(st.text(max_size=40))
def test_nothing_but_an_envelope_opens_after_the_beginning_of_one(rest):
    with pytest.raises(EnvelopeError):
        VAULT.read("users.text", 1, PREFIX + rest)
