"""`awskms:KEY`: a key of AWS KMS by id, ARN or alias; it never leaves the service."""

from collections.abc import Mapping
from importlib.util import find_spec
from threading import Lock
from typing import Any
from urllib.parse import quote_from_bytes

from reseal.kek.aws_refusal import refusal_of
from reseal.kek.aws_silence import silence
from reseal.kek.refusal import does_not_open, extra_missing

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
# The longest ciphertext that Decrypt takes.
_MOST_BYTES = 6144


class AwsKmsKek:
    """Wrap with Encrypt and unwrap with Decrypt, pinned to the key; safe to share by threads.

    Region, endpoint and credentials are found by boto3, and AWS_REGION as well, which it
    does not read. Nothing is asked before the first wrap or unwrap.
    """

    def __init__(
        self, key: str, environment: Mapping[str, str], read_seconds: float = READ_SECONDS
    ) -> None:
        if find_spec("boto3") is None:
            raise extra_missing("awskms", "boto3")
        self.uri = f"awskms:{key}"
        self._key = key
        self._region = environment.get("AWS_REGION") or None
        self._read_seconds = read_seconds
        self._making = Lock()
        self._client: Any = None

    def wrap(self, material: bytes, context: bytes) -> bytes:
        """Encrypt a data key so that it opens only under the same context."""
        return self._ask("encrypt", "CiphertextBlob", context, Plaintext=material)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key; raise KekError where key, context or bytes are not the same."""
        if not 0 < len(wrapped) <= _MOST_BYTES:
            raise does_not_open(self.uri)
        return self._ask("decrypt", "Plaintext", context, CiphertextBlob=wrapped)

    def _ask(self, verb: str, wanted: str, context: bytes, **given: bytes) -> bytes:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            ask = getattr(self._connected(), verb)
            answer = ask(KeyId=self._key, EncryptionContext=_bound(context), **given)
            return bytes(answer[wanted])
        # ValueError: an endpoint that is no URL. KeyError: an answer that is not of KMS.
        except (BotoCoreError, ClientError, ResponseParserError, ValueError, KeyError) as error:
            refusal = refusal_of(error, self.uri)
        # The next try begins anew, with whatever region and credentials there are then.
        self._client = None
        raise refusal

    def _connected(self) -> Any:
        with self._making:
            client = self._client or self._made()
            self._client = client
        return client

    def _made(self) -> Any:
        import boto3
        from botocore.config import Config

        silence()
        # How often it tries in all is AWS_MAX_ATTEMPTS, or three times.
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=self._read_seconds,
            retries={"mode": "standard"},
        )
        session = boto3.session.Session(region_name=self._region)
        return session.client("kms", config=config)


def _bound(context: bytes) -> dict[str, str]:
    # It stands in CloudTrail's log and may be a condition in a policy, so it is kept readable.
    return {"reseal": "kek/v1", "context": quote_from_bytes(context)}
