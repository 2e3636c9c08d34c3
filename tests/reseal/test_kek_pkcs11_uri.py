"""The URI of a key on a token, its PIN, and what SoftHSM2 cannot be brought to say."""

import pkcs11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.errors import KekError
from reseal.kek import open_kek
from reseal.kek.pin import pin_from
from reseal.kek.pkcs11_key import decrypted
from reseal.kek.pkcs11_refusal import refusal_of
from reseal.kek.pkcs11_uri import Pkcs11Uri
from reseal.kek.refusal import Duty, KeyName
from tests.reseal.said import said_by


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("token=a;object=b?pin-value=2718", "must not hold the PIN; leave pin-value out"),
        ("token=a;object=b;pin-value=2718", "must not hold the PIN; leave pin-value out"),
        ("token=a", "names a token and a key"),
        ("object=b", "names a token and a key"),
        ("token=;object=", "names a token and a key"),
        ("token=a;object=b;type=private", "names a secret key; leave type= out"),
        ("token=a;object=b;slot-id=2718", "holds in its path, each at most once, the attributes"),
        ("token=a;token=a2718;object=b", "holds in its path, each at most once, the attributes"),
        ("token=a;object=b?pin=2718", "holds in its query, each at most once, the attributes"),
        ("token=a;object=b?pin-source=env:A&2718", "holds in its query, each at most once"),
        ("token=%FF;object=2718", "the attribute token of a pkcs11: URI is not UTF-8"),
    ],
)
def test_a_uri_that_is_not_understood_is_not_quoted(text, says):
    said = said_by(lambda: open_kek(f"pkcs11:{text}", {"RESEAL_PKCS11_MODULE": "/m"}))

    assert says in said
    assert "2718" not in said


@given(st.text(min_size=1), st.text(min_size=1), st.binary(min_size=1))
def test_every_name_can_be_percent_encoded(token, label, key_id):
    def encoded(value: bytes) -> str:
        return "".join(f"%{byte:02x}" for byte in value)

    path = f"token={encoded(token.encode())};object={encoded(label.encode())}"
    found = Pkcs11Uri.parse(f"{path};id={encoded(key_id)}?module-path=%2flib&pin-source=env%3aP")

    assert found == Pkcs11Uri(token, None, label, key_id, "/lib", "env:P")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("env:NO_PIN", "the environment variable NO_PIN holds no PIN"),
        ("env:EMPTY", "the environment variable EMPTY holds no PIN"),
        ("file:/nowhere/pin", "the PIN file file:/nowhere/pin cannot be read: No such file"),
        ("2718", "says where the PIN is: pin-source=env:NAME or file:PATH"),
        ("", "says where the PIN is: pin-source=env:NAME or file:PATH"),
        (None, "says where the PIN is: pin-source=env:NAME or file:PATH"),
    ],
)
def test_a_pin_that_is_missing_is_said(source, says):
    with pytest.raises(KekError, match=says) as caught:
        pin_from(source, {"EMPTY": ""})
    assert "2718" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "holds no PIN"), (b"\n", "holds no PIN"), (b"\xff2718", "is not UTF-8")],
)
def test_a_file_without_a_pin_is_named_and_not_quoted(tmp_path, content, says):
    (tmp_path / "pin").touch(0o600)
    (tmp_path / "pin").write_bytes(content)

    said = said_by(lambda: pin_from(f"file:{tmp_path}/pin", {}))
    assert f"the PIN file file:{tmp_path}/pin {says}" in said
    assert "2718" not in said


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (pkcs11.PinLocked, "the PIN is locked after too many wrong ones"),
        (pkcs11.PinExpired, "the PIN has expired"),
        (pkcs11.UserPinNotInitialized, "the token's user has no PIN yet"),
        (pkcs11.MechanismInvalid, "the token has no AES-GCM"),
        (pkcs11.DeviceRemoved, r"the token or its library fails \(DeviceRemoved\)"),
        (pkcs11.PKCS11Error, r"the token or its library fails \(PKCS11Error\)"),
    ],
)
def test_what_softhsm_never_says_is_a_sentence_too(kind, says):
    refusal = refusal_of(kind("some text"), KeyName(Duty.WRAPS, "pkcs11:token=a;object=b"))

    assert "some text" not in str(refusal)
    with pytest.raises(KekError, match=f"pkcs11:token=a;object=b cannot be used: {says}"):
        raise refusal


class GoneKey:
    """A fake: a key whose token was pulled out while it was used."""

    def encrypt(self, *_: object, **__: object) -> bytes:
        raise pkcs11.DeviceRemoved

    decrypt = encrypt


def test_a_token_that_goes_while_it_decrypts_is_no_wrong_key():
    with pytest.raises(pkcs11.DeviceRemoved):
        decrypted(GoneKey(), bytes(12), bytes(48), b"")
