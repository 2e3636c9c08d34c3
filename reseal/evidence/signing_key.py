"""The Ed25519 key that signs evidence: the operator's own by URI, or one kept beside the bundles.

The one beside the bundles is wrapped by the key-encryption key of the data keys, so that only who
may seal may sign. An operator who wants another hand to sign names a key in RESEAL_EVIDENCE_KEY.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reseal.errors import KekError
from reseal.evidence.public_key import PublicKey
from reseal.kek.aws_signer import AwsKmsSigner
from reseal.kek.local import KEY_BYTES, decoded
from reseal.kek.pkcs11_signer import Pkcs11Signer
from reseal.kek.private_file import private_content

SETTING = "RESEAL_EVIDENCE_KEY"


class SigningKey(Protocol):
    """Whatever signs."""

    @property
    def public(self) -> PublicKey:
        """The key that others check signatures with."""

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of a signature."""


@dataclass(frozen=True, slots=True)
class LocalSigningKey:
    """A private key in this process: 32 bytes (RFC 8032, 5.1.5)."""

    seed: bytes = field(repr=False)

    @classmethod
    def new(cls) -> "LocalSigningKey":
        """Make a key."""
        return cls(os.urandom(KEY_BYTES))

    @property
    def public(self) -> PublicKey:
        """The key that others check signatures with."""
        return PublicKey.of(self._key.public_key())

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of a signature."""
        return self._key.sign(message)

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


class Signer(Protocol):
    """A token or a service that holds a private key."""

    @property
    def uri(self) -> str:
        """The URI that leads back to the key; no secret."""

    def public_bytes(self) -> bytes:
        """Return the 32 bytes of the public key (RFC 8032, 5.1.5)."""

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of a signature (RFC 8032, 5.1.6)."""


class HeldSigningKey:
    """A private key that never leaves its token or service."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    @cached_property
    def public(self) -> PublicKey:
        """The key that others check signatures with."""
        return PublicKey.of_bytes(self._signer.public_bytes())

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of a signature; raise KekError where it is not of this key."""
        # What it is of is asked first: a key of another kind is told as such.
        public = self.public
        signature = self._signer.sign(message)
        if not public.has_signed(message, signature):
            raise KekError(
                f"the signing key {self._signer.uri} gave a signature that its public key does "
                "not check; nothing was signed"
            )
        return signature


def open_signing_key(uri: str, variables: Mapping[str, str]) -> SigningKey:
    """Return the key of a URI; raise KekError where there is none.

    `file:PATH` and `env:NAME` hold 32 bytes, or their base64; `awskms:KEY` and `pkcs11:…` name an
    Ed25519 key pair that stays where it is.
    """
    kind, _, name = uri.partition(":")
    if kind == "env" and name:
        text = variables.get(name, "")
        return LocalSigningKey(decoded(text.encode(), f"the environment variable {name}"))
    if kind == "file" and name:
        content = private_content(Path(name), f"the key file {uri}")
        return LocalSigningKey(content if len(content) == KEY_BYTES else decoded(content, uri))
    if kind == "pkcs11" and name:
        return HeldSigningKey(Pkcs11Signer(name, variables))
    if kind == "awskms" and name:
        return HeldSigningKey(AwsKmsSigner(name, variables))
    raise KekError(
        f"{SETTING} names no key to sign with; write file:PATH, env:NAME, awskms:KEY or pkcs11:…"
    )
