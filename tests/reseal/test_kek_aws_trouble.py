"""A key of AWS KMS where something is wrong: what is said, and that the next try succeeds."""

import json
import os
from urllib.request import Request, urlopen

import boto3
import pytest

from reseal.errors import KekUnreachable
from reseal.kek import open_kek
from reseal.kek.aws_kms import AwsKmsKek
from reseal.keyring import context
from tests.kms import REGION, FaultyKms
from tests.reseal.said import said_by

MATERIAL = b"material-of-a-data-key-32-bytes!"
CONTEXT = context(1)


@pytest.fixture
def kek(kms):
    return open_kek(f"awskms:{kms.key_id}", kms.environment)


@pytest.mark.parametrize("name", ["alias/none", "b7a1c4e0-0000-4000-8000-000000000000", "nonsense"])
def test_a_key_that_is_not_there_is_named(kms, name):
    kek = open_kek(f"awskms:{name}", kms.environment)

    assert said_by(lambda: kek.wrap(MATERIAL, CONTEXT)) == (
        f"the key-encryption key awskms:{name} cannot be used: "
        "there is no such key in this region; check its id or alias, and AWS_REGION"
    )


def test_a_disabled_key_and_one_that_is_to_be_deleted_say_so(kms):
    key = kms.new_key()
    kek = open_kek(f"awskms:{key}", kms.environment)
    wrapped = kek.wrap(MATERIAL, CONTEXT)

    kms.admin.disable_key(KeyId=key)
    assert "it is disabled; enable it with" in said_by(lambda: kek.unwrap(wrapped, CONTEXT))
    kms.admin.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert "aws kms cancel-key-deletion" in said_by(lambda: kek.wrap(MATERIAL, CONTEXT))
    kms.admin.cancel_key_deletion(KeyId=key)
    kms.admin.enable_key(KeyId=key)
    assert kek.unwrap(wrapped, CONTEXT) == MATERIAL


def test_credentials_without_the_right_are_told_which_right(kms, kek, monkeypatch):
    wrapped = kek.wrap(MATERIAL, CONTEXT)
    user = of_a_user_who_may_only(kms, "kms:Encrypt")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", user["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", user["SecretAccessKey"])
    # Asked behind the fake, which looks at the key's state with credentials of its own.
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", f"http://{kms.behind}")
    limited = open_kek(kek.uri, kms.environment)

    set_authorization(kms, "0")
    try:
        limited.wrap(MATERIAL, CONTEXT)
        said = said_by(lambda: limited.unwrap(wrapped, CONTEXT))
    finally:
        set_authorization(kms, "inf")
    assert said == (
        f"the key-encryption key {kek.uri} cannot be used: these credentials have no right to "
        "it; let its key policy or their IAM policy allow kms:Encrypt and kms:Decrypt"
    )
    assert limited.unwrap(wrapped, CONTEXT) == MATERIAL


def of_a_user_who_may_only(kms: FaultyKms, action: str) -> dict[str, str]:
    iam = boto3.session.Session("testing", "testing", region_name=REGION).client(
        "iam", endpoint_url=f"http://{kms.behind}"
    )
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_user(UserName="limited")
    iam.put_user_policy(UserName="limited", PolicyName="limited", PolicyDocument=policy)
    return dict(iam.create_access_key(UserName="limited")["AccessKey"])


def set_authorization(kms: FaultyKms, after: str) -> None:
    """Have moto look at rights after so many requests: its INITIAL_NO_AUTH_ACTION_COUNT."""
    url = f"http://{kms.behind}/moto-api/reset-auth"
    urlopen(Request(url, after.encode(), {"Content-Type": "text/plain"}, method="POST")).close()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("AccessDeniedException", "let its key policy or their IAM policy allow kms:Encrypt"),
        ("IncorrectKeyException", "does not open the stored data keys"),
        ("InvalidKeyUsageException", "it is not a key that encrypts; name a symmetric one"),
        ("ExpiredTokenException", "does not accept the credentials (ExpiredTokenException)"),
        ("UnrecognizedClientException", "renew them, and look at the clock"),
        ("OddException", "AWS KMS refuses with OddException; look it up"),
        ("not a code", "AWS KMS refuses with a code that it does not have"),
    ],
)
def test_every_refusal_of_the_service_is_a_sentence(kms, kek, code, says):
    wrapped = kek.wrap(MATERIAL, CONTEXT)
    kms.fails_with(code)

    said = said_by(lambda: kek.unwrap(wrapped, CONTEXT))
    assert says in said
    assert "said by a fake" not in said
    kms.heals()
    assert kek.unwrap(wrapped, CONTEXT) == MATERIAL


@pytest.mark.parametrize("operation", ["Encrypt", "Decrypt"])
def test_one_operation_may_fail_alone(kms, kek, operation):
    kms.fails_with("AccessDeniedException", operation=operation)
    wrapped = kms.admin.encrypt(
        KeyId=kms.key_id,
        Plaintext=MATERIAL,
        EncryptionContext={"reseal": "kek/v1", "context": "data-key/1"},
    )["CiphertextBlob"]

    wrap, unwrap = lambda: kek.wrap(MATERIAL, CONTEXT), lambda: kek.unwrap(wrapped, CONTEXT)
    denied, allowed = (wrap, unwrap) if operation == "Encrypt" else (unwrap, wrap)
    assert "no right" in said_by(denied)
    assert allowed()


def test_throttling_that_ends_within_the_retries_is_not_noticed(kms, kek):
    kms.fails_with("ThrottlingException", times=2)

    assert kek.unwrap(kek.wrap(MATERIAL, CONTEXT), CONTEXT) == MATERIAL
    assert kms.calls == {"Encrypt": 3, "Decrypt": 1}


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("ThrottlingException", "AWS KMS throttles, also after retries; try again later"),
        ("KMSInternalException", "AWS KMS fails with HTTP status 500, also after retries"),
    ],
)
def test_trouble_that_outlasts_the_retries_is_worth_another_try_later(kms, kek, code, says):
    kms.fails_with(code)
    with pytest.raises(KekUnreachable, match=says):
        kek.wrap(MATERIAL, CONTEXT)
    assert kms.calls["Encrypt"] == 3

    kms.heals()
    assert kek.unwrap(kek.wrap(MATERIAL, CONTEXT), CONTEXT) == MATERIAL


def test_a_service_that_is_away_is_unreachable_until_it_is_back(kms, kek):
    wrapped = kek.wrap(MATERIAL, CONTEXT)
    kms.goes_away()
    try:
        with pytest.raises(KekUnreachable) as caught:
            kek.unwrap(wrapped, CONTEXT)
    finally:
        kms.comes_back()
    assert str(caught.value) == (
        f"the key-encryption key {kek.uri} cannot be used: AWS KMS does not answer "
        "(EndpointConnectionError); check the network and try again"
    )
    assert caught.value.__context__ is None
    assert kek.unwrap(wrapped, CONTEXT) == MATERIAL


def test_a_service_that_hangs_is_given_up_and_asked_again_later(kms, monkeypatch):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    kek = AwsKmsKek(kms.key_id, kms.environment, read_seconds=0.3)
    wrapped = kek.wrap(MATERIAL, CONTEXT)
    kms.hangs()

    with pytest.raises(KekUnreachable, match=r"does not answer \(ReadTimeoutError\)"):
        kek.unwrap(wrapped, CONTEXT)
    kms.heals()
    assert kms.calls["Decrypt"] == 2
    assert kek.unwrap(wrapped, CONTEXT) == MATERIAL


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "there are no AWS credential"),
        ({"AWS_SECRET_ACCESS_KEY": None}, "half of the AWS credentials is missing"),
        ({"AWS_REGION": None}, "no AWS region is set; set AWS_REGION"),
        ({"AWS_REGION": "no region"}, "the AWS region is none; correct AWS_REGION"),
        ({"AWS_PROFILE": "nobody"}, "there is no such AWS profile; correct AWS_PROFILE"),
        ({"AWS_ENDPOINT_URL_KMS": "nowhere"}, "the endpoint is no address"),
    ],
)
def test_what_boto3_lacks_is_named_and_can_be_mended(kms, monkeypatch, changes, says):
    original = {name: os.environ.get(name) for name in changes}
    environment = dict(os.environ)
    set_all(monkeypatch, environment, changes)
    kek = open_kek(f"awskms:{kms.key_id}", environment)

    said = said_by(lambda: kek.wrap(MATERIAL, CONTEXT))
    assert says in said
    assert f"the key-encryption key awskms:{kms.key_id} cannot be used: " in said
    set_all(monkeypatch, environment, original)
    if "AWS_REGION" not in changes:
        assert kek.wrap(MATERIAL, CONTEXT)


def set_all(monkeypatch, environment: dict[str, str], changes: dict[str, str | None]) -> None:
    for name, value in changes.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
            environment.pop(name, None)
        else:
            monkeypatch.setenv(name, value)
            environment[name] = value


def test_an_endpoint_that_is_no_kms_is_told_apart(kms, kek, monkeypatch):
    monkeypatch.setattr(kms, "answer", lambda *_: (200, b'{"hello": "there"}'))

    assert "does not speak as AWS KMS does; check AWS_ENDPOINT_URL" in said_by(
        lambda: kek.wrap(MATERIAL, CONTEXT)
    )
