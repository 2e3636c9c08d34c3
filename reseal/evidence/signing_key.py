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


class TokenSigningKey:
    """A private key that never leaves its token."""

    def __init__(self, signer: Pkcs11Signer) -> None:
        self._signer = signer

    @cached_property
    def public(self) -> PublicKey:
        """The key that others check signatures with."""
        return PublicKey.of_bytes(self._signer.public_bytes())

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of a signature."""
        return self._signer.sign(message)


def open_signing_key(uri: str, variables: Mapping[str, str]) -> SigningKey:
    """Return the key of `file:PATH`, `env:NAME` (32 bytes, or their base64) or `pkcs11:…`.

    Raise KekError where there is none.
    """
    kind, _, name = uri.partition(":")
    if kind == "env" and name:
        text = variables.get(name, "")
        return LocalSigningKey(decoded(text.encode(), f"the environment variable {name}"))
    if kind == "file" and name:
        content = private_content(Path(name), f"the key file {uri}")
        return LocalSigningKey(content if len(content) == KEY_BYTES else decoded(content, uri))
    if kind == "pkcs11" and name:
        return TokenSigningKey(Pkcs11Signer(name, variables))
    raise KekError(f"{SETTING} names no key to sign with; write file:PATH, env:NAME or pkcs11:…")
