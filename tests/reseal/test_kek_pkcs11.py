"""A key on a token of SoftHSM2."""

import multiprocessing
import os
import sys
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pkcs11
import pytest

from reseal.errors import KekError, KekUnreachable
from reseal.kek import open_kek
from reseal.keyring import context
from tests.reseal.said import said_by
from tests.softhsm import KEY, LABEL, MODULE, PIN, SoftHsm, forget_module, need_softhsm, new_hsm

MATERIAL = b"material-of-a-data-key-32-bytes!"
CONTEXT = context(1)


@pytest.fixture
def hsm(tmp_path, monkeypatch) -> Iterator[SoftHsm]:
    need_softhsm()
    forget_module()
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "hsm/softhsm2.conf"))
    yield new_hsm(tmp_path / "hsm")
    forget_module()


@pytest.fixture
def kek(hsm):
    return open_kek(hsm.uri, hsm.environment)


def opened(hsm: SoftHsm, path: str, module: str = MODULE, pin: str = "env:TEST_PIN"):
    """Open a KEK by the path part of its URI."""
    return open_kek(f"pkcs11:{path}?module-path={module}&pin-source={pin}", hsm.environment)


def test_a_data_key_is_wrapped_and_unwrapped(kek):
    wrapped = kek.wrap(MATERIAL, CONTEXT)

    assert len(wrapped) == 12 + len(MATERIAL) + 16
    assert kek.unwrap(wrapped, CONTEXT) == MATERIAL
    assert kek.wrap(MATERIAL, CONTEXT)[:12] != wrapped[:12]


def test_what_the_token_wraps_is_what_the_same_key_wraps_here(hsm):
    value = os.urandom(32)
    hsm.add_key("known", VALUE=value)
    on_token = opened(hsm, "token=reseal%20test;object=known")
    here = open_kek("env:KEK", {"KEK": b64encode(value).decode()})

    assert here.unwrap(on_token.wrap(MATERIAL, CONTEXT), CONTEXT) == MATERIAL
    assert on_token.unwrap(here.wrap(MATERIAL, CONTEXT), CONTEXT) == MATERIAL


@pytest.mark.parametrize(
    ("wrapped", "bound"),
    [
        (lambda w: w, b"data-key/2"),
        (lambda w: w, b""),
        (lambda w: w[:-1], CONTEXT),
        (lambda w: w[1:], CONTEXT),
        (lambda w: w[:-1] + bytes([w[-1] ^ 1]), CONTEXT),
        (lambda w: b"", CONTEXT),
        (lambda w: w[:12], CONTEXT),
        (lambda w: w[:30], CONTEXT),
        (lambda w: w * 9, CONTEXT),
    ],
)
def test_another_context_or_other_bytes_do_not_unwrap(kek, wrapped, bound):
    whole = kek.wrap(MATERIAL, CONTEXT)

    assert said_by(lambda: kek.unwrap(wrapped(whole), bound)) == (
        f"the key-encryption key {kek.uri} does not open the stored data keys; "
        "set the one under which they were wrapped"
    )
    assert kek.unwrap(whole, CONTEXT) == MATERIAL


def test_another_key_of_the_token_does_not_unwrap(hsm, kek):
    wrapped = kek.wrap(MATERIAL, CONTEXT)
    hsm.add_key("other")
    other = opened(hsm, "token=reseal%20test;object=other")

    assert "does not open the stored data keys" in said_by(lambda: other.unwrap(wrapped, CONTEXT))


def test_the_token_and_the_key_are_found_by_serial_and_id_too(hsm, kek):
    hsm.add_key(ID=b"\x01\xff")
    serial = pkcs11.lib(MODULE).get_token(token_label=LABEL).serial.decode()

    assert "several such keys" in said_by(lambda: kek.wrap(MATERIAL, CONTEXT))
    for path in (
        f"serial={serial};id=%01%FF",
        f"token=reseal%20test;serial={serial};object=reseal%20kek;id=%01%ff;type=secret-key",
    ):
        found = opened(hsm, path)
        assert found.unwrap(found.wrap(MATERIAL, CONTEXT), CONTEXT) == MATERIAL


def test_the_module_may_be_named_by_the_environment(hsm):
    uri = hsm.uri.replace(f"module-path={MODULE}&", "")
    kek = open_kek(uri, {**hsm.environment, "RESEAL_PKCS11_MODULE": MODULE})

    assert kek.unwrap(kek.wrap(MATERIAL, CONTEXT), CONTEXT) == MATERIAL
    assert "no module is named" in said_by(lambda: open_kek(uri, hsm.environment))


@pytest.mark.parametrize("module", ["/nowhere/libhsm.so", os.__file__, "/"])
def test_a_module_that_is_none_is_named(hsm, module):
    kek = opened(hsm, "token=reseal%20test;object=reseal%20kek", module=module)

    assert said_by(lambda: kek.wrap(MATERIAL, CONTEXT)) == (
        f"the key-encryption key {kek.uri} cannot be used: its module cannot be loaded; "
        "check module-path, or RESEAL_PKCS11_MODULE"
    )


def test_a_pin_may_be_in_a_file_that_only_its_owner_reads(hsm, tmp_path):
    path = tmp_path / "a pin"
    path.write_text(f"{PIN}\n")
    path.chmod(0o600)
    source = f"file:{tmp_path}/a%20pin"
    kek = opened(hsm, "token=reseal%20test;object=reseal%20kek", pin=source)

    assert kek.unwrap(kek.wrap(MATERIAL, CONTEXT), CONTEXT) == MATERIAL
    path.chmod(0o640)
    said = said_by(lambda: kek.wrap(MATERIAL, CONTEXT))
    assert said == f"the PIN file file:{path} is open to others; run `chmod 600` on it"


def test_a_wrong_pin_is_said_and_is_not_worth_another_try(hsm, kek):
    wrong = open_kek(hsm.uri, {"TEST_PIN": "9999"})

    with pytest.raises(KekError) as caught:
        wrong.wrap(MATERIAL, CONTEXT)
    assert "the PIN is wrong; correct it where pin-source says" in str(caught.value)
    assert "9999" not in str(caught.value)
    # A token counts wrong PINs and locks, so whoever retries what is unreachable must not retry it.
    assert not isinstance(caught.value, KekUnreachable)
    assert kek.unwrap(kek.wrap(MATERIAL, CONTEXT), CONTEXT) == MATERIAL


def test_a_token_that_is_not_there_is_said(hsm):
    kek = opened(hsm, "token=elsewhere;object=reseal%20kek")

    said = said_by(lambda: kek.wrap(MATERIAL, CONTEXT))
    assert "no token of this name is there; plug it in, or check token= and serial=" in said


def test_two_tokens_of_one_name_are_told_apart_by_serial(hsm, kek):
    hsm.add_token()
    forget_module()

    assert "tell them apart with serial=" in said_by(lambda: kek.wrap(MATERIAL, CONTEXT))


def test_a_key_that_is_not_there_is_said(hsm):
    kek = opened(hsm, "token=reseal%20test;object=none")

    said = said_by(lambda: kek.wrap(MATERIAL, CONTEXT))
    assert "the token has no such secret key; check object= and id=" in said


@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        ({"ENCRYPT": False}, "the key may not encrypt and decrypt"),
        ({"DECRYPT": False}, "the key may not encrypt and decrypt"),
        ({"VALUE": bytes(range(16))}, "it is not an AES key of 256 bits"),
        ({"KEY_TYPE": pkcs11.KeyType.GENERIC_SECRET}, "it is not an AES key of 256 bits"),
    ],
)
def test_a_key_that_cannot_serve_is_refused(hsm, attributes, says):
    hsm.add_key("unfit", **attributes)
    kek = opened(hsm, "token=reseal%20test;object=unfit")

    assert says in said_by(lambda: kek.wrap(MATERIAL, CONTEXT))


def test_a_token_that_goes_away_is_unreachable_until_it_is_back(hsm, kek, tmp_path):
    wrapped = kek.wrap(MATERIAL, CONTEXT)
    hsm.tokens.rename(tmp_path / "away")
    hsm.tokens.mkdir()

    with pytest.raises(KekUnreachable) as caught:
        kek.unwrap(wrapped, CONTEXT)
    assert caught.value.__context__ is None
    hsm.tokens.rmdir()
    (tmp_path / "away").rename(hsm.tokens)
    assert kek.unwrap(wrapped, CONTEXT) == MATERIAL


def test_a_token_that_is_made_later_is_found(hsm, kek, tmp_path):
    wrapped = kek.wrap(MATERIAL, CONTEXT)
    hsm.add_token("later")

    assert "no such secret key" in said_by(
        lambda: opened(hsm, "token=later;object=reseal%20kek").wrap(MATERIAL, CONTEXT)
    )
    assert kek.unwrap(wrapped, CONTEXT) == MATERIAL


def test_a_library_that_does_not_start_is_unreachable_until_it_does(hsm, kek, monkeypatch):
    forget_module()
    with monkeypatch.context() as broken:
        broken.setenv("SOFTHSM2_CONF", "/nowhere/softhsm2.conf")
        with pytest.raises(KekUnreachable, match="the token or its library fails"):
            kek.wrap(MATERIAL, CONTEXT)

    assert kek.unwrap(kek.wrap(MATERIAL, CONTEXT), CONTEXT) == MATERIAL


def test_an_application_that_is_logged_in_itself_stays_so(hsm, kek):
    token = pkcs11.lib(MODULE).get_token(token_label=LABEL)
    with token.open(user_pin=PIN) as session:
        assert kek.unwrap(kek.wrap(MATERIAL, CONTEXT), CONTEXT) == MATERIAL

        assert session.get_key(label=KEY).label == KEY


def test_threads_and_several_keks_share_a_token(hsm, kek):
    wrapped = kek.wrap(MATERIAL, CONTEXT)
    keks = [kek, open_kek(hsm.uri, hsm.environment)] * 8

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda each: each.unwrap(wrapped, CONTEXT), keks))
    assert done == [MATERIAL] * len(keks)


def test_a_spawned_process_opens_it_by_its_uri(hsm, kek):
    wrapped = kek.wrap(MATERIAL, CONTEXT)
    spawn = multiprocessing.get_context("spawn")

    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        done = pool.submit(unwrapped_elsewhere, kek.uri, hsm.environment, wrapped).result(60)
    assert done == MATERIAL


def unwrapped_elsewhere(uri: str, environment: dict[str, str], wrapped: bytes) -> bytes:
    return open_kek(uri, environment).unwrap(wrapped, CONTEXT)


def test_it_shows_its_uri_and_no_pin(hsm, kek):
    assert kek.uri == hsm.uri
    assert PIN not in repr(kek)


def test_without_the_library_it_says_at_once_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pkcs11", None)

    assert said_by(lambda: open_kek("pkcs11:token=a;object=b", {})) == (
        "a key-encryption key pkcs11: needs the package python-pkcs11; "
        "install it with `pip install 'reseal[pkcs11]'`"
    )
