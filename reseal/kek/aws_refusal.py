"""What AWS KMS and the way to it can refuse, as sentences; no text of the service is quoted."""

from typing import Any

from reseal.errors import KekError, KekUnreachable
from reseal.kek.refusal import Duty, KeyName, does_not_open, unusable

# Error codes of Encrypt, Decrypt, GetPublicKey and Sign: https://docs.aws.amazon.com/kms/latest/APIReference/
_NOT_THIS_KEY = ("InvalidCiphertextException", "IncorrectKeyException")
_THROTTLED = (
    "LimitExceededException",
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
)
# Codes common to all services; a clock that is wrong spoils the signature too.
_CREDENTIALS_REFUSED = (
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)
_DENIED = "these credentials have no right to it; let its key policy or their IAM policy allow "
_RIGHTS = {
    Duty.WRAPS: "kms:Encrypt and kms:Decrypt",
    Duty.SIGNS: "kms:GetPublicKey and kms:Sign",
}
# An answer without a code of KMS, as of a proxy, has the HTTP status in its place.
_DENIALS = ("AccessDeniedException", "403")
NOT_ED25519 = (
    "it is not an Ed25519 key that signs; name one made with the key spec ECC_NIST_EDWARDS25519 "
    "and the usage SIGN_VERIFY"
)
_KINDS = {
    Duty.WRAPS: (
        "it is not a key that encrypts; name a symmetric one (SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT)"
    ),
    Duty.SIGNS: NOT_ED25519,
}
_OTHER_KINDS = ("InvalidKeyUsageException", "UnsupportedOperationException")
_NO_SUCH_KEY = "there is no such key in this region; check its id or alias, and AWS_REGION"
_ODD_ANSWER = "what answers does not speak as AWS KMS does; check AWS_ENDPOINT_URL"
_CODES = {
    "NotFoundException": _NO_SUCH_KEY,
    "InvalidArnException": _NO_SUCH_KEY,
    "DisabledException": "it is disabled; enable it with `aws kms enable-key`",
    "KMSInvalidStateException": (
        "its state does not allow it, as while it waits to be deleted; look at "
        "`aws kms describe-key`, and call a deletion off with `aws kms cancel-key-deletion`"
    ),
}
_FAULTS = {
    "NoCredentialsError": (
        "there are no AWS credentials; give this process a role, or set AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY"
    ),
    "PartialCredentialsError": "half of the AWS credentials is missing; set the other half too",
    "NoRegionError": "no AWS region is set; set AWS_REGION",
    "InvalidRegionError": "the AWS region is none; correct AWS_REGION",
    "ProfileNotFound": "there is no such AWS profile; correct AWS_PROFILE",
    "ValueError": "the endpoint is no address; correct AWS_ENDPOINT_URL",
    "KeyError": _ODD_ANSWER,
    "ResponseParserError": _ODD_ANSWER,
}
_NO_WAY = (
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "EndpointConnectionError",
    "HTTPClientError",
    "ProxyConnectionError",
    "ReadTimeoutError",
    "SSLError",
)


def refusal_of(error: Exception, key: KeyName) -> KekError:
    """Return what an exception of boto3 means for whoever set the key."""
    response: dict[str, Any] | None = getattr(error, "response", None)
    if isinstance(response, dict):
        return _answered(response, key)
    return _unanswered(error, key)


def _answered(response: dict[str, Any], key: KeyName) -> KekError:
    code = str(response.get("Error", {}).get("Code"))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _NOT_THIS_KEY:
        return does_not_open(key.uri)
    if code in _THROTTLED or status == 429:
        why = "AWS KMS throttles, also after retries; try again later, or raise the request quota"
        return KekUnreachable(unusable(key, why))
    if status >= 500:
        why = f"AWS KMS fails with HTTP status {status}, also after retries; try again later"
        return KekUnreachable(unusable(key, why))
    return KekError(unusable(key, _refused(code, key.duty)))


def _refused(code: str, duty: Duty) -> str:
    if code in _CREDENTIALS_REFUSED:
        return f"AWS does not accept the credentials ({code}); renew them, and look at the clock"
    if code in _DENIALS:
        return _DENIED + _RIGHTS[duty]
    if code in _OTHER_KINDS:
        return _KINDS[duty]
    return _CODES.get(code) or _unforeseen(code)


def _unanswered(error: Exception, key: KeyName) -> KekError:
    kind = type(error).__name__
    if kind in _NO_WAY:
        why = f"AWS KMS does not answer ({kind}); check the network and try again"
        return KekUnreachable(unusable(key, why))
    fault = f"boto3 fails with {kind}; check the AWS settings of this process"
    return KekError(unusable(key, _FAULTS.get(kind, fault)))


def _unforeseen(code: str) -> str:
    named = code if code.isalnum() else "a code that it does not have"
    return f"AWS KMS refuses with {named}; look it up in the KMS API reference"
