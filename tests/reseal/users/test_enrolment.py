"""A user enrols, scans a code, logs in and leaves."""

import logging
from xml.etree import ElementTree

import pyotp
import pytest

import reseal
from reseal import AsyncUsers, Users
from reseal.config import parse_config
from reseal.errors import (
    NoSecret,
)
from tests.conftest import SENTINEL, USERS_FIELD
from tests.reseal.users.said import ADA, NOW, code, scanned, version_of


def test_a_user_enrols_logs_in_and_leaves(users, enrolled, stored, admin):
    enrolled(secret=None, enabled=False)
    ada = users.by_email(ADA)
    assert ada.mfa_enabled is False

    secret = ada.generate_mfa_secret()
    assert version_of(stored()) == 1
    assert not ada.enable_mfa("000000")
    assert ada.enable_mfa(code(secret))
    assert users.by_email(ADA).mfa_enabled is True

    ada.disable_mfa()
    assert stored() is None
    assert users.by_email(ADA).mfa_enabled is False
    assert not ada.verify_mfa_token(code(secret, NOW + 30))
    with pytest.raises(NoSecret):
        ada.enable_mfa()


def test_whoever_is_not_there_is_none_and_who_is_found_is_found_by_id_too(users, enrolled):
    number = enrolled()

    assert users.by_email("nobody@example.com") is None
    assert users.by_id(number + 1) is None
    assert (users.by_id(number).email, users.by_email(ADA).id) == (ADA, number)


def test_the_uri_is_what_a_phone_scans_and_is_drawn_as_svg_and_png(users, enrolled):
    enrolled()
    uri = users.by_email(ADA).get_mfa_qr_code_uri("Acme & Sons")

    assert pyotp.parse_uri(str(uri)).secret == SENTINEL
    assert pyotp.parse_uri(str(uri)).issuer == "Acme & Sons"
    assert pyotp.parse_uri(str(uri)).name == ADA
    assert ElementTree.fromstring(uri.qr_svg()).tag.endswith("svg")
    assert uri.qr_png().startswith(b"\x89PNG\r\n")
    assert SENTINEL not in repr(uri) + repr([uri])


def test_digits_period_and_digest_are_those_of_the_field(store, connect, enrolled):
    fields = parse_config(
        {"field": [{**USERS_FIELD, "digits": 8, "period": 60, "digest": "SHA256"}]}
    )
    enrolled()
    users = connect(fields)
    phone = scanned(users.by_email(ADA).get_mfa_qr_code_uri("Acme"))
    assert (phone.digits, phone.interval, phone.digest().name) == (8, 60, "sha256")

    assert not users.by_email(ADA).verify_mfa_token(code())
    assert users.by_email(ADA).verify_mfa_token(phone.at(NOW))


def test_an_otpauth_uri_brings_its_own(store, connect, enrolled):
    fields = parse_config({"field": [{**USERS_FIELD, "format": "otpauth"}]})
    enrolled(secret=f"otpauth://totp/Old:ada?secret={SENTINEL}&digits=8&algorithm=SHA512&period=60")
    ada = connect(fields).by_email(ADA)

    phone = scanned(ada.get_mfa_qr_code_uri("New"))
    assert (phone.issuer, phone.digits, phone.interval) == ("New", 8, 60)
    assert ada.verify_mfa_token(phone.at(NOW))
    assert ada.verify_mfa_token(scanned(ada.generate_mfa_secret()).at(NOW))


@pytest.mark.parametrize("format_name", ["base32", "hex", "otpauth", "text"])
def test_a_secret_of_every_format_is_made_shown_and_verified(store, connect, enrolled, format_name):
    fields = parse_config({"field": [{**USERS_FIELD, "format": format_name}]})
    enrolled(secret=None)
    ada = connect(fields).by_email(ADA)

    ada.generate_mfa_secret()
    assert ada.verify_mfa_token(scanned(ada.get_mfa_qr_code_uri("Acme")).at(NOW))


def test_raw_keys_in_bytea_are_made_shown_and_verified(store, connect, enrolled, admin):
    admin.execute("ALTER TABLE users ALTER mfa_secret TYPE bytea USING NULL")
    fields = parse_config({"field": [{**USERS_FIELD, "format": "bytes"}]})
    enrolled(secret=b"\x00\xff" * 10)
    ada = connect(fields).by_email(ADA)

    assert ada.verify_mfa_token(scanned(ada.get_mfa_qr_code_uri("Acme")).at(NOW))
    assert len(ada.generate_mfa_secret()) == 20
    assert ada.verify_mfa_token(scanned(ada.get_mfa_qr_code_uri("Acme")).at(NOW))


def test_a_user_who_is_gone_has_no_secret(users, enrolled, admin):
    enrolled()
    ada = users.by_email(ADA)
    admin.execute("DELETE FROM users")

    assert not ada.verify_mfa_token(code())
    for work in (ada.generate_mfa_secret, ada.disable_mfa, ada.rotate_encryption_key):
        with pytest.raises(NoSecret, match=r"no longer in public\.users"):
            work()


def test_no_secret_travels_as_a_parameter_or_in_a_log(users, enrolled, admin, stored, caplog):
    caplog.set_level(logging.DEBUG)
    enrolled()
    ada = users.by_email(ADA)
    assert ada.verify_mfa_token(code())
    ada.get_mfa_qr_code_uri("Acme").qr_svg()
    secret = ada.generate_mfa_secret()

    assert SENTINEL not in caplog.text + repr(ada) + repr(vars(ada))
    assert secret not in caplog.text + stored()


def test_both_models_have_the_same_words():
    def words(kind):
        return {name for name in vars(kind) if not name.startswith("_")}

    assert words(Users) == words(AsyncUsers)
    assert words(reseal.users.User) == words(reseal.async_users.AsyncUser)
