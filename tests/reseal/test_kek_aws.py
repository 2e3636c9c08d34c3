"""A key of AWS KMS, on moto's server: what it wraps, and what that is bound to."""

import logging
import sys
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest

from reseal.kek import open_kek
from reseal.keyring import context
from tests.kms import REGION
from tests.reseal.said import said_by

MATERIAL = b"material-of-a-data-key-32-bytes!"
CONTEXT = context(1)


@pytest.fixture
def kek(kms):
    return open_kek(f"awskms:{kms.key_id}", kms.environment)


def test_a_data_key_is_wrapped_and_unwrapped(kek):
    wrapped = kek.wrap(MATERIAL, CONTEXT)

    assert MATERIAL not in wrapped
    assert kek.unwrap(wrapped, CONTEXT) == MATERIAL


def test_id_arn_and_alias_lead_to_the_same_key(kms, kek):
    wrapped = kek.wrap(MATERIAL, CONTEXT)
    arn = kms.admin.describe_key(KeyId=kms.key_id)["KeyMetadata"]["Arn"]

    for name in (kms.alias, arn, arn.replace(f"key/{kms.key_id}", kms.alias)):
        assert open_kek(f"awskms:{name}", kms.environment).unwrap(wrapped, CONTEXT) == MATERIAL


def test_the_context_is_bound_and_readable_in_the_log_of_the_service(kms, kek):
    wrapped = kek.wrap(MATERIAL, CONTEXT)

    said = kms.admin.decrypt(
        KeyId=kms.key_id,
        CiphertextBlob=wrapped,
        EncryptionContext={"reseal": "kek/v1", "context": "data-key/1"},
    )
    assert said["Plaintext"] == MATERIAL
    for missing in ({}, {"context": "data-key/1"}, {"reseal": "kek/v1", "context": "data-key/2"}):
        with pytest.raises(kms.admin.exceptions.InvalidCiphertextException):
            kms.admin.decrypt(CiphertextBlob=wrapped, EncryptionContext=missing)


@pytest.mark.parametrize("bound", [b"", b"data-key/1", b"b\xc3\xa4ckup", bytes(range(256))])
def test_any_context_can_be_bound(kek, bound):
    assert kek.unwrap(kek.wrap(MATERIAL, bound), bound) == MATERIAL


@pytest.mark.parametrize(
    ("wrapped", "bound"),
    [
        (lambda w: w, b"data-key/2"),
        (lambda w: w, b""),
        (lambda w: w[:-1], CONTEXT),
        (lambda w: w[:-1] + bytes([w[-1] ^ 1]), CONTEXT),
        (lambda w: b"", CONTEXT),
        (lambda w: b"x", CONTEXT),
        (lambda w: w + bytes(7000), CONTEXT),
    ],
)
def test_another_context_or_other_bytes_do_not_unwrap(kek, wrapped, bound):
    whole = kek.wrap(MATERIAL, CONTEXT)

    assert said_by(lambda: kek.unwrap(wrapped(whole), bound)) == (
        f"the key-encryption key {kek.uri} does not open the stored data keys; "
        "set the one under which they were wrapped"
    )


def test_another_key_does_not_unwrap(kms, kek):
    wrapped = kek.wrap(MATERIAL, CONTEXT)
    other = open_kek(f"awskms:{kms.new_key()}", kms.environment)

    assert "does not open the stored data keys" in said_by(lambda: other.unwrap(wrapped, CONTEXT))


def test_what_it_wraps_is_not_opened_under_an_alias_that_was_moved(kms):
    first, second = kms.new_key(), kms.new_key()
    kms.admin.create_alias(AliasName="alias/moved", TargetKeyId=first)
    kek = open_kek("awskms:alias/moved", kms.environment)
    wrapped = kek.wrap(MATERIAL, CONTEXT)
    kms.admin.update_alias(AliasName="alias/moved", TargetKeyId=second)

    assert "does not open the stored data keys" in said_by(lambda: kek.unwrap(wrapped, CONTEXT))


def test_making_it_asks_nothing(kms, kek):
    assert not kms.calls
    kek.unwrap(kek.wrap(MATERIAL, CONTEXT), CONTEXT)
    assert kms.calls == {"Encrypt": 1, "Decrypt": 1}


def test_threads_share_it(kms, kek):
    wrapped = kek.wrap(MATERIAL, CONTEXT)

    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: kek.unwrap(wrapped, CONTEXT), range(20)))
    assert opened == [MATERIAL] * 20


def test_the_region_may_also_be_what_boto3_itself_reads(kms, monkeypatch):
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)

    assert open_kek(f"awskms:{kms.key_id}", {}).wrap(MATERIAL, CONTEXT)


def test_no_log_holds_the_material_on_whatever_level(kek, caplog):
    caplog.set_level(logging.DEBUG)
    kek.unwrap(kek.wrap(MATERIAL, CONTEXT), CONTEXT)

    assert caplog.records
    assert MATERIAL.decode() not in caplog.text
    assert b64encode(MATERIAL).decode() not in caplog.text


def test_it_shows_its_uri_and_nothing_of_the_credentials(kms, kek):
    kek.wrap(MATERIAL, CONTEXT)

    assert kek.uri == f"awskms:{kms.key_id}"
    assert kms.environment["AWS_SECRET_ACCESS_KEY"] not in repr(kek)


def test_without_boto3_it_says_at_once_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)

    assert said_by(lambda: open_kek("awskms:alias/reseal", {})) == (
        "a key-encryption key awskms: needs the package boto3; "
        "install it with `pip install 'reseal[awskms]'`"
    )
