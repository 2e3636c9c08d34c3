"""A KMS on loopback: moto's server, and before it one that fails when a test wants it to."""

import json
import os
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from moto.server import ThreadedMotoServer

HOST, REGION = "127.0.0.1", "eu-central-1"
_CREDENTIALS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
# What KMS says of a key in a state other than Enabled, and moto does not.
_OF_STATE = {"Disabled": "DisabledException", "PendingDeletion": "KMSInvalidStateException"}
_MOST_SIGNED = 4096


class FaultyKms:
    """A fake: passes to moto what comes for KMS, counts it, and fails or hangs when told to.

    Where moto is milder than KMS, with keys that are disabled or not the ciphertext's, it
    answers as KMS does; and for Ed25519 keys, which moto does not have.
    """

    def __init__(self, behind: str) -> None:
        self.behind = behind
        self.admin = boto3.session.Session(**_CREDENTIALS, region_name=REGION).client(
            "kms", endpoint_url=f"http://{behind}"
        )
        self.calls: Counter[str] = Counter()
        self.signers: dict[str, Ed25519PrivateKey] = {}
        self.key_id = self.new_key()
        # All servers of moto in a process share their keys and aliases.
        self.alias = f"alias/reseal-{self.key_id}"
        self.admin.create_alias(AliasName=self.alias, TargetKeyId=self.key_id)
        self._counting = Lock()
        self._failure = ""
        self._failing: dict[str, float] = {}
        self._free = Event()
        self._free.set()
        self._port = 0
        self._server: ThreadingHTTPServer | None = None
        self.comes_back()

    @property
    def url(self) -> str:
        """Where boto3 finds it."""
        return f"http://{HOST}:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead boto3 here and nowhere else."""
        return {
            "AWS_ENDPOINT_URL_KMS": self.url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": _CREDENTIALS["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": _CREDENTIALS["aws_secret_access_key"],
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "NO_PROXY": HOST,
        }

    def leads_here(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let boto3 find it and nothing else in this process, and count anew."""
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)
        self.calls.clear()

    def new_key(self) -> str:
        """Make another key and return its id."""
        return self._made()

    def new_signer(self, spec: str = "ECC_NIST_EDWARDS25519") -> str:
        """Make a key that signs and return its id; moto keeps its state and its aliases."""
        if spec != "ECC_NIST_EDWARDS25519":
            return self._made(KeySpec=spec, KeyUsage="SIGN_VERIFY")
        key_id = self._made(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        self.signers[key_id] = Ed25519PrivateKey.generate()
        return key_id

    def _made(self, **kind: str) -> str:
        return str(self.admin.create_key(**kind)["KeyMetadata"]["KeyId"])

    def fails_with(self, code: str, times: float = float("inf"), operation: str = "") -> None:
        """Answer the next so many requests, of one operation or of all, with an error code."""
        self._failure, self._failing = code, {operation: times}

    def hangs(self) -> None:
        """Accept requests and do not answer them."""
        self._free.clear()

    def heals(self) -> None:
        """End failing and hanging."""
        self._failing.clear()
        self._free.set()

    def goes_away(self) -> None:
        """Listen no longer."""
        if self._server is not None:
            self._free.set()
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def comes_back(self) -> None:
        """Listen, where it listened before."""

        class Handler(_Handler):
            kms = self

        self._server = ThreadingHTTPServer((HOST, self._port), Handler)
        self._port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()

    def answer(self, operation: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Return status and body for a request."""
        with self._counting:
            self.calls[operation] += 1
            code = self._fault(operation)
        self._free.wait()
        request = json.loads(body)
        found = self._described(request)
        if operation != "GetPublicKey":
            code = code or _OF_STATE.get(found.get("KeyState", ""), "")
        if code:
            return 500 if code.startswith("KMSInternal") else 400, _error(code)
        if operation in ("GetPublicKey", "Sign") and found.get("KeyId") in self.signers:
            return self._by_ed25519(operation, request, found)
        if operation == "GetPublicKey" and found.get("KeySpec") == "SYMMETRIC_DEFAULT":
            return 400, _error("UnsupportedOperationException")
        status, answer = self._passed_on(headers, body)
        if operation == "Decrypt" and b"AccessDeniedException" in answer:
            return status, _error("IncorrectKeyException")
        return status, answer

    def _fault(self, operation: str) -> str:
        for wanted in (operation, ""):
            if self._failing.get(wanted, 0) > 0:
                self._failing[wanted] -= 1
                return self._failure
        return ""

    def _described(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return dict(self.admin.describe_key(KeyId=request["KeyId"])["KeyMetadata"])
        except (KeyError, self.admin.exceptions.NotFoundException):
            return {}

    def _by_ed25519(
        self, operation: str, request: dict[str, Any], found: dict[str, Any]
    ) -> tuple[int, bytes]:
        key = self.signers[found["KeyId"]]
        if operation == "GetPublicKey":
            der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            return _answer(found, PublicKey=der)
        if request["SigningAlgorithm"] != "ED25519_SHA_512":
            return 400, _error("InvalidKeyUsageException")
        message = b64decode(request["Message"])
        if request["MessageType"] != "RAW" or not 0 < len(message) <= _MOST_SIGNED:
            return 400, _error("ValidationException")
        return _answer(found, Signature=key.sign(message))

    def _passed_on(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        connection = HTTPConnection(self.behind)
        try:
            connection.request("POST", "/", body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


class _Handler(BaseHTTPRequestHandler):
    kms: FaultyKms
    server_version = "FaultyKms-a-fake-for-tests"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        status, answer = self.kms.answer(operation, dict(self.headers), body)
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        except (BrokenPipeError, ConnectionResetError):
            # Whoever asked has given up, as is the point of hanging.
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def running_kms() -> Iterator[FaultyKms]:
    """Have a KMS with one key, named by its id and by an alias."""
    moto = ThreadedMotoServer(HOST, 0, verbose=False)
    moto.start()
    try:
        kms = FaultyKms(f"{HOST}:{moto.get_host_and_port()[1]}")
        try:
            yield kms
        finally:
            kms.goes_away()
    finally:
        moto.stop()


def _error(code: str) -> bytes:
    return json.dumps({"__type": code, "message": "said by a fake"}).encode()


def _answer(found: dict[str, Any], **parts: bytes) -> tuple[int, bytes]:
    said = {name: b64encode(part).decode() for name, part in parts.items()}
    return 200, json.dumps({"KeyId": found["Arn"], **said}).encode()
