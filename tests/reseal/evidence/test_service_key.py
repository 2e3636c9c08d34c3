"""An Ed25519 key of AWS KMS signs bundles, and what keeps it from signing is told."""

from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reseal.errors import KekError, KekUnreachable
from reseal.evidence.check import check
from reseal.evidence.directory import Evidence
from reseal.evidence.shelf import LocalShelf
from reseal.evidence.signing_key import SigningKey, open_signing_key
from reseal.kek.aws_signer import MOST_BYTES
from tests.bundles import close
from tests.kms import FaultyKms
from tests.reseal.said import said_by

MESSAGE = b"DSSEv1 28 application/vnd.in-toto+json 2 {}"


@pytest.fixture
def kms(kms: FaultyKms, monkeypatch: pytest.MonkeyPatch) -> FaultyKms:
    # That faults are tried again is shown with a key that wraps, by the same client.
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    return kms


@pytest.fixture
def name(kms: FaultyKms) -> str:
    return kms.new_signer()


@pytest.fixture
def key(kms: FaultyKms, name: str) -> SigningKey:
    return open_signing_key(f"awskms:{name}", kms.environment)


def test_what_it_signs_is_checked_by_its_public_half(
    kms: FaultyKms, key: SigningKey, tmp_path: Path
) -> None:
    evidence = Evidence.of(tmp_path / "evidence", UUID(int=1))
    evidence.write("run", {"run_id": evidence.directory.name})

    close(evidence, key)

    checked = check(LocalShelf(tmp_path / "evidence"), [key.public])
    assert (checked.findings, len(checked.bundles)) == ((), 1)
    # The statement and the head.
    assert kms.calls == {"GetPublicKey": 1, "Sign": 2}


def test_id_arn_and_alias_lead_to_the_same_key(kms: FaultyKms, key: SigningKey, name: str) -> None:
    kms.admin.create_alias(AliasName="alias/evidence", TargetKeyId=name)
    arn = kms.admin.describe_key(KeyId=name)["KeyMetadata"]["Arn"]

    for other in (arn, "alias/evidence", arn.replace(f"key/{name}", "alias/evidence")):
        same = open_signing_key(f"awskms:{other}", kms.environment)
        assert same.public == key.public
        assert key.public.has_signed(MESSAGE, same.sign(MESSAGE))


@pytest.mark.parametrize("spec", ["", "RSA_2048", "ECC_NIST_P256"])
def test_a_key_of_another_kind_is_refused(kms: FaultyKms, spec: str) -> None:
    uri = f"awskms:{kms.new_signer(spec) if spec else kms.key_id}"

    assert said_by(lambda: open_signing_key(uri, kms.environment).sign(MESSAGE)) == (
        f"the signing key {uri} cannot be used: it is not an Ed25519 key that signs; name one made "
        "with the key spec ECC_NIST_EDWARDS25519 and the usage SIGN_VERIFY"
    )


@pytest.mark.parametrize("operation", ["GetPublicKey", "Sign"])
def test_credentials_without_the_right_are_told_which_rights(
    kms: FaultyKms, key: SigningKey, name: str, operation: str
) -> None:
    kms.fails_with("AccessDeniedException", operation=operation)

    assert said_by(lambda: key.sign(MESSAGE)) == (
        f"the signing key awskms:{name} cannot be used: these credentials have no right to it; "
        "let its key policy or their IAM policy allow kms:GetPublicKey and kms:Sign"
    )
    kms.heals()
    assert key.public.has_signed(MESSAGE, key.sign(MESSAGE))


def test_throttling_is_worth_another_try_later(kms: FaultyKms, key: SigningKey) -> None:
    kms.fails_with("ThrottlingException")
    with pytest.raises(KekUnreachable, match=r"signing key .*: AWS KMS throttles, also after"):
        key.sign(MESSAGE)

    kms.heals()
    assert key.public.has_signed(MESSAGE, key.sign(MESSAGE))


def test_a_service_that_is_away_is_unreachable_until_it_is_back(
    kms: FaultyKms, key: SigningKey
) -> None:
    kms.goes_away()
    try:
        with pytest.raises(KekUnreachable, match=r"does not answer \(EndpointConnectionError\)"):
            key.sign(MESSAGE)
    finally:
        kms.comes_back()
    assert key.public.has_signed(MESSAGE, key.sign(MESSAGE))


def test_a_disabled_key_says_so(kms: FaultyKms, key: SigningKey, name: str) -> None:
    kms.admin.disable_key(KeyId=name)
    assert "it is disabled; enable it with" in said_by(lambda: key.sign(MESSAGE))


def test_a_signature_that_its_public_half_does_not_check_is_none(
    kms: FaultyKms, key: SigningKey, name: str
) -> None:
    key.sign(MESSAGE)
    kms.signers[name] = Ed25519PrivateKey.generate()

    assert said_by(lambda: key.sign(MESSAGE)) == (
        f"the signing key awskms:{name} gave a signature that its public key does not check; "
        "nothing was signed"
    )


def test_what_is_longer_than_the_service_takes_is_not_sent(kms: FaultyKms, key: SigningKey) -> None:
    assert key.public.has_signed(bytes(MOST_BYTES), key.sign(bytes(MOST_BYTES)))
    with pytest.raises(KekError, match="signs 4,096 bytes at most, and these are 4,097"):
        key.sign(bytes(MOST_BYTES + 1))
    assert kms.calls["Sign"] == 1
