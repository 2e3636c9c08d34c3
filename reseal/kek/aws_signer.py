"""`awskms:KEY`: an Ed25519 key of AWS KMS that signs; it never leaves the service."""

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from reseal.errors import KekError
from reseal.kek.aws_client import AwsKmsKey
from reseal.kek.aws_refusal import NOT_ED25519
from reseal.kek.refusal import Duty, unusable

# The longest message that Sign takes as it is.
MOST_BYTES = 4096


class AwsKmsSigner:
    """Sign with Sign, by ED25519_SHA_512 (RFC 8032, 5.1: plain Ed25519); safe to share by threads.

    The key has the spec ECC_NIST_EDWARDS25519 and the usage SIGN_VERIFY. Nothing is asked before
    the first use.
    """

    def __init__(self, key: str, environment: Mapping[str, str]) -> None:
        self._key = AwsKmsKey(key, environment, Duty.SIGNS)
        self.uri = self._key.name.uri

    def public_bytes(self) -> bytes:
        """Return the 32 bytes of the public key (RFC 8032, 5.1.5)."""
        der = self._key.ask("get_public_key", "PublicKey")
        try:
            found = load_der_public_key(der)
        except Exception:
            # cryptography raises many types here, and what is no key is no key.
            found = None
        if not isinstance(found, Ed25519PublicKey):
            raise KekError(unusable(self._key.name, NOT_ED25519))
        return found.public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of a signature (RFC 8032, 5.1.6)."""
        if len(message) > MOST_BYTES:
            why = f"AWS KMS signs {MOST_BYTES:,} bytes at most, and these are {len(message):,}"
            raise KekError(unusable(self._key.name, why))
        return self._key.ask(
            "sign",
            "Signature",
            Message=message,
            MessageType="RAW",
            SigningAlgorithm="ED25519_SHA_512",
        )
