"""An Ed25519 public key: what an auditor needs besides the bundles."""

import hashlib
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from reseal.errors import EvidenceError


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key in PEM (SubjectPublicKeyInfo, RFC 8410)."""

    pem: bytes
    raw: bytes = field(repr=False)

    @classmethod
    def of(cls, key: Ed25519PublicKey) -> "PublicKey":
        """Write a key down."""
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return cls(pem, key.public_bytes_raw())

    @classmethod
    def of_bytes(cls, raw: bytes) -> "PublicKey":
        """Write down a key of 32 bytes (RFC 8032, 5.1.5)."""
        return cls.of(Ed25519PublicKey.from_public_bytes(raw))

    @classmethod
    def parse(cls, pem: bytes, name: str) -> "PublicKey":
        """Read a key's one spelling; raise EvidenceError, which calls it `name`."""
        try:
            key = load_pem_public_key(pem)
        except Exception:
            # cryptography raises many types here, and what is no key is no key.
            key = None
        if isinstance(key, Ed25519PublicKey) and cls.of(key).pem == pem:
            return cls.of(key)
        raise EvidenceError(f"{name} is not an Ed25519 public key in PEM")

    @property
    def id(self) -> str:
        """The SHA-256 of the key in DER, in hexadecimal: its name in signatures."""
        der = self._key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).hexdigest()

    def has_signed(self, message: bytes, signature: bytes) -> bool:
        """Say whether a signature is this key's, over exactly these bytes."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    @property
    def _key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.raw)
