"""Codes as pyotp and RFC 6238 have them, whatever the secret's spelling."""

from base64 import b32decode, b32encode
from urllib.parse import quote

import pyotp
import pytest
from django_otp import oath

from reseal import totp
from reseal.errors import NoCode
from reseal.secret import Secret

KEY = b"12345678901234567890"
BASE32 = b32encode(KEY).decode()
NOW = 1_700_000_000

# RFC 6238, appendix B.
RFC_KEYS = {"SHA1": KEY, "SHA256": (KEY * 2)[:32], "SHA512": (KEY * 4)[:64]}
RFC = [
    (59, "SHA1", "94287082"),
    (59, "SHA256", "46119246"),
    (59, "SHA512", "90693936"),
    (1111111109, "SHA1", "07081804"),
    (1111111109, "SHA256", "68084774"),
    (1111111109, "SHA512", "25091201"),
    (1111111111, "SHA1", "14050471"),
    (1234567890, "SHA1", "89005924"),
    (2000000000, "SHA512", "38618901"),
    (20000000000, "SHA1", "65353130"),
    (20000000000, "SHA256", "77737706"),
    (20000000000, "SHA512", "47863826"),
]


@pytest.mark.parametrize(("at", "algorithm", "expected"), RFC)
def test_the_vectors_of_rfc_6238(at, algorithm, expected):
    key = b32encode(RFC_KEYS[algorithm]).decode().rstrip("=")
    uri = Secret(f"otpauth://totp/A:b?secret={key}&digits=8&algorithm={algorithm}")

    assert totp.code(uri, "otpauth", at) == expected


@pytest.mark.parametrize(
    ("text", "format_name"),
    [
        (BASE32, "base32"),
        (BASE32.lower(), "base32"),
        (" ".join(BASE32[i : i + 4] for i in range(0, 32, 4)).lower(), "base32"),
        ("-".join(BASE32[i : i + 4] for i in range(0, 32, 4)), "base32"),
        (BASE32 + "\n", "base32"),
        (BASE32 + "======", "base32"),
        (KEY.hex(), "hex"),
        (KEY.hex().upper(), "hex"),
        (f"otpauth://totp/A:b?secret={BASE32}&issuer=A", "otpauth"),
        (f"OTPAUTH://TOTP/A:b?secret={BASE32}%3D%3D&issuer=A", "otpauth"),
        (KEY.decode(), "text"),
        (KEY, "bytes"),
    ],
)
def test_every_spelling_of_a_key_gives_the_code_of_pyotp(text, format_name):
    expected = pyotp.TOTP(BASE32).at(NOW)

    assert totp.code(Secret(text), format_name, NOW) == expected


def test_padding_may_stand_or_be_left_out():
    padded = b32encode(KEY[:16]).decode()

    assert padded.endswith("======")
    expected = pyotp.TOTP(padded).at(NOW)
    assert totp.code(Secret(padded), "base32", NOW) == expected
    assert totp.code(Secret(padded.rstrip("=")), "base32", NOW) == expected


def test_a_key_of_80_bits_still_logs_in_although_new_versions_of_pyotp_refuse_it():
    secret = Secret("JBSWY3DPEHPK3PXP")
    token = f"{oath.hotp(b32decode('JBSWY3DPEHPK3PXP'), 1):06}"

    assert totp.code(secret, "base32", 59) == token
    assert totp.verify(secret, "base32", token, 59)


def test_period_of_the_uri_counts():
    uri = f"otpauth://totp/A:b?secret={BASE32}&period=60"

    assert totp.code(Secret(uri), "otpauth", NOW) == pyotp.TOTP(BASE32, interval=60).at(NOW)


@pytest.mark.parametrize(("away", "right"), [(-2, False), (-1, True), (0, True), (1, True)])
def test_a_token_may_be_one_step_away(away, right):
    token = pyotp.TOTP(BASE32).at(NOW + 30 * away)

    assert totp.verify(Secret(BASE32), "base32", token, NOW) is right
    assert totp.verify(Secret(BASE32), "base32", token, NOW, window=0) is (away == 0)


@pytest.mark.parametrize("token", ["", "12345", "1234567", "١٢٣٤٥٦", "abcdef", "\ud800"[:0]])
def test_nonsense_is_a_wrong_token_and_no_error(token):
    assert totp.verify(Secret(BASE32), "base32", token, NOW) is False


def test_the_first_step_of_time_has_no_step_before_it():
    assert totp.verify(Secret(BASE32), "base32", pyotp.TOTP(BASE32).at(0), 0)


@pytest.mark.parametrize(
    ("text", "format_name"),
    [
        ("SENTINEL0189!", "base32"),
        ("SENTINEL=SENTINELA", "base32"),
        ("", "base32"),
        ("SENTINEL", "hex"),
        ("otpauth://hotp/SENTINEL?secret=ABCDEFGHIJKLMNOP", "otpauth"),
        ("otpauth://totp/SENTINEL?digits=6", "otpauth"),
        (f"otpauth://totp/SENTINEL?secret={BASE32}&algorithm=MD5", "otpauth"),
        (f"otpauth://totp/SENTINEL?secret={BASE32}&period=0", "otpauth"),
        (f"otpauth://totp/SENTINEL?secret={quote('ß')}", "otpauth"),
        ("SENTINEL\ud800", "text"),
    ],
)
def test_what_is_no_key_is_said_without_being_quoted(text, format_name):
    with pytest.raises(NoCode) as caught:
        totp.code(Secret(text), format_name, NOW)

    assert "SENTINEL" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
