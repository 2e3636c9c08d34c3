"""A key of AWS KMS by id, ARN or alias, and the way to it, whether it wraps or signs."""

from collections.abc import Mapping
from importlib.util import find_spec
from threading import Lock
from typing import Any

from reseal.kek.aws_refusal import refusal_of
from reseal.kek.aws_silence import silence
from reseal.kek.refusal import Duty, KeyName, extra_missing

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0


class AwsKmsKey:
    """Ask the service to use a key; safe to share by threads.

    Region, endpoint and credentials are found by boto3, and AWS_REGION as well, which it
    does not read. Nothing is asked before the first use.
    """

    def __init__(
        self,
        key: str,
        environment: Mapping[str, str],
        duty: Duty,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        if find_spec("boto3") is None:
            raise extra_missing("awskms", "boto3", duty)
        self.name = KeyName(duty, f"awskms:{key}")
        self._key = key
        self._region = environment.get("AWS_REGION") or None
        self._read_seconds = read_seconds
        self._making = Lock()
        self._client: Any = None

    def ask(self, verb: str, wanted: str, **given: Any) -> bytes:
        """Return one part of the answer to a verb of boto3; raise KekError where there is none."""
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            answer = getattr(self._connected(), verb)(KeyId=self._key, **given)
            return bytes(answer[wanted])
        # ValueError: an endpoint that is no URL. KeyError: an answer that is not of KMS.
        except (BotoCoreError, ClientError, ResponseParserError, ValueError, KeyError) as error:
            refusal = refusal_of(error, self.name)
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
