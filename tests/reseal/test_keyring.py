"""Seal under the one active key, open under the one that the envelope names."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from reseal.envelope import Envelope, length
from reseal.errors import EmptyKey, KeyringError, UnknownKeyVersion, WillNotOpen
from reseal.keyring import LOADED, DataKey, Keyring, KeyState
from reseal.place import Binding, Place
from reseal.secret import Secret
from tests.conftest import SENTINEL

PLACE = Place("users.mfa_secret", (42,))
KEYS = [
    DataKey(1, KeyState.RETIRING, bytes(32)),
    DataKey(2, KeyState.ACTIVE, bytes(31) + b"\x02"),
    DataKey(3, KeyState.STAGED, bytes(31) + b"\x03"),
]
KEYRING = Keyring(KEYS)

secrets = st.text(st.characters(codec="utf-8"), max_size=500)


def under(version: int) -> Keyring:
    """A keyring of the same keys with another one active."""
    return Keyring(
        replace(key, state=KeyState.ACTIVE if key.version == version else KeyState.RETIRING)
        for key in KEYS
    )


@given(secrets)
def test_what_was_sealed_opens_to_the_same_characters(text):
    envelope = KEYRING.seal(PLACE, Secret(text))

    assert KEYRING.open(PLACE, Envelope.parse(str(envelope))).reveal() == text
    assert len(str(envelope)) == length(len(text.encode()), 2)


def test_sealing_twice_gives_two_envelopes():
    one, other = (KEYRING.seal(PLACE, Secret("x")) for _ in range(2))

    assert one.iv != other.iv
    assert one.ciphertext != other.ciphertext


@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_loaded_key_opens(version):
    envelope = under(version).seal(PLACE, Secret("x"))

    assert envelope.key_version == version
    assert KEYRING.open(PLACE, envelope).reveal() == "x"


@pytest.mark.parametrize(
    "place",
    [
        Place("users.mfa_secret", (43,)),
        Place("users.mfa_secret", ("42",)),
        Place("users.mfa_secret", (42, 1)),
        Place("users.mfa_secret", ()),
        Place("admins.mfa_secret", (42,)),
        Place("users.mfa_secre", ("t", 42)),
    ],
    ids=str,
)
def test_an_envelope_that_was_moved_does_not_open(place):
    with pytest.raises(WillNotOpen, match="does not open"):
        KEYRING.open(place, KEYRING.seal(PLACE, Secret("x")))


@pytest.mark.parametrize(
    "edit",
    [
        {"key_version": 1},
        {"key_version": 3},
        {"iv": bytes(12)},
        {"tag": bytes(16)},
        {"ciphertext": b""},
        {"ciphertext": b"y"},
        {"ciphertext": b"xx"},
    ],
)
def test_an_envelope_that_was_edited_does_not_open(edit):
    envelope = KEYRING.seal(PLACE, Secret("x"))

    with pytest.raises(WillNotOpen):
        KEYRING.open(PLACE, replace(envelope, **edit))


def damaged(envelope: Envelope, *places: int) -> Envelope:
    """The envelope with these bytes of its ciphertext changed."""
    octets = bytearray(envelope.ciphertext)
    for place in places:
        octets[place] ^= 1
    return replace(envelope, ciphertext=bytes(octets))


URI = "otpauth://totp/Acme:ada@example.com?secret={}&issuer=Acme"


@pytest.mark.parametrize(
    ("edit", "text", "resembles"),
    [
        (lambda e: replace(e, tag=bytes(16)), SENTINEL, True),
        (lambda e: damaged(e, 0), SENTINEL, True),
        (lambda e: damaged(e, *range(4)), SENTINEL, True),
        (lambda e: damaged(e, *range(5)), SENTINEL, False),
        (lambda e: replace(e, iv=bytes(12)), SENTINEL, False),
        (lambda e: replace(e, key_version=1), SENTINEL, False),
        (lambda e: replace(e, key_version=9), SENTINEL, False),
        (lambda e: replace(e, ciphertext=e.ciphertext[:-1]), SENTINEL, False),
        (lambda e: replace(e, tag=bytes(16)), "123456", True),
        (lambda e: damaged(e, 0), "123456", False),
    ],
)
def test_a_damaged_envelope_tells_what_it_was_made_of(edit, text, resembles):
    envelope = edit(KEYRING.seal(PLACE, Secret(text)))

    assert KEYRING.cipher(PLACE.field).resembles(envelope, Secret(text)) is resembles


def test_a_damaged_envelope_of_another_secret_is_none_of_this_one():
    envelope = replace(KEYRING.seal(PLACE, Secret(URI.format(SENTINEL))), tag=bytes(16))
    other = URI.format("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"[: len(SENTINEL)])

    assert len(other) == len(URI.format(SENTINEL))
    assert not KEYRING.cipher(PLACE.field).resembles(envelope, Secret(other))


def test_the_same_version_with_other_bytes_does_not_open():
    other = Keyring([DataKey.fresh(2, KeyState.ACTIVE)])

    with pytest.raises(WillNotOpen):
        other.open(PLACE, KEYRING.seal(PLACE, Secret("x")))


def test_bytes_that_are_no_text_open_as_bytes():
    bound = Binding.of(PLACE.field, 2, "A256GCM").data(PLACE.key)
    sealed = AESGCM(KEYS[1].material).encrypt(bytes(12), b"\xff", bound)

    secret = KEYRING.open(PLACE, Envelope(2, bytes(12), sealed[1:], sealed[:1]))
    assert secret.octets() == b"\xff"
    with pytest.raises(ValueError, match="raw bytes") as caught:
        secret.reveal()
    assert caught.value.__context__ is None


def test_an_unknown_version_names_itself():
    envelope = replace(KEYRING.seal(PLACE, Secret("x")), key_version=7)

    with pytest.raises(UnknownKeyVersion, match="key version 7") as caught:
        KEYRING.open(PLACE, envelope)
    assert caught.value.version == 7


def test_a_secret_without_a_row_is_not_sealed():
    with pytest.raises(EmptyKey):
        KEYRING.seal(Place("users.mfa_secret", (None,)), Secret("x"))  # type: ignore[arg-type]


def test_an_error_names_the_place_and_not_the_secret():
    with pytest.raises(WillNotOpen) as caught:
        KEYRING.open(Place("users.mfa_secret", (7,)), KEYRING.seal(PLACE, Secret(SENTINEL)))

    assert str(caught.value) == "the envelope at users.mfa_secret 7 does not open"
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ([], "0 data keys are active"),
        ([KEYS[0]], "0 data keys are active"),
        ([replace(key, state=KeyState.ACTIVE) for key in KEYS], "3 data keys are active"),
        ([KEYS[1], replace(KEYS[1], version=4, state=KeyState.STAGED)], "the same key"),
        ([KEYS[1], replace(KEYS[0], version=2)], "the same version"),
        ([replace(KEYS[1], material=bytes(16))], "32 bytes"),
    ],
)
def test_a_keyring_that_cannot_be_right_is_refused(keys, reason):
    with pytest.raises(KeyringError, match=reason):
        Keyring(keys)


@pytest.mark.parametrize("state", sorted(set(KeyState) - LOADED))
def test_a_key_that_is_out_of_use_is_not_loaded(state):
    keyring = Keyring([*KEYS, DataKey.fresh(4, state)])
    envelope = Keyring([DataKey.fresh(4, KeyState.ACTIVE)]).seal(PLACE, Secret("x"))

    assert 4 not in keyring.check_values
    with pytest.raises(UnknownKeyVersion):
        keyring.open(PLACE, envelope)


def test_a_check_value_proves_the_number_and_the_bytes():
    values = [
        DataKey(1, KeyState.ACTIVE, bytes(32)).check_value,
        DataKey(2, KeyState.ACTIVE, bytes(32)).check_value,
        DataKey(1, KeyState.ACTIVE, b"\x01" + bytes(31)).check_value,
    ]

    assert len(set(values)) == 3
    assert {len(value) for value in values} == {8}
    assert DataKey(1, KeyState.STAGED, bytes(32)).check_value == values[0]


def test_a_data_key_does_not_show_its_bytes():
    key = DataKey.fresh(1, KeyState.ACTIVE)

    assert repr(key.material) not in repr(key)
    assert key.material.hex() not in repr(key)
