"""`awskms:KEY`: a key of AWS KMS that wraps; it never leaves the service."""

from collections.abc import Mapping
from urllib.parse import quote_from_bytes

from reseal.kek.aws_client import READ_SECONDS, AwsKmsKey
from reseal.kek.refusal import Duty, does_not_open

# The longest ciphertext that Decrypt takes.
_MOST_BYTES = 6144


class AwsKmsKek:
    """Wrap with Encrypt and unwrap with Decrypt, pinned to the key; safe to share by threads.

    Nothing is asked before the first wrap or unwrap.
    """

    def __init__(
        self, key: str, environment: Mapping[str, str], read_seconds: float = READ_SECONDS
    ) -> None:
        self._key = AwsKmsKey(key, environment, Duty.WRAPS, read_seconds)
        self.uri = self._key.name.uri

    def wrap(self, material: bytes, context: bytes) -> bytes:
        """Encrypt a data key so that it opens only under the same context."""
        return self._key.ask(
            "encrypt", "CiphertextBlob", Plaintext=material, EncryptionContext=_bound(context)
        )

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key; raise KekError where key, context or bytes are not the same."""
        if not 0 < len(wrapped) <= _MOST_BYTES:
            raise does_not_open(self.uri)
        return self._key.ask(
            "decrypt", "Plaintext", CiphertextBlob=wrapped, EncryptionContext=_bound(context)
        )


def _bound(context: bytes) -> dict[str, str]:
    # It stands in CloudTrail's log and may be a condition in a policy, so it is kept readable.
    return {"reseal": "kek/v1", "context": quote_from_bytes(context)}
