"""A key-encryption key whose 32 bytes are in this process."""

import os
from base64 import b64decode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reseal.errors import KekError
from reseal.kek.refusal import does_not_open

KEY_BYTES = 32
IV_BYTES = 12
DOMAIN = b"reseal/kek/v1\0"


class LocalKek:
    """Wrap with AES-256-GCM: 12 bytes of iv, then ciphertext and tag."""

    def __init__(self, uri: str, material: bytes) -> None:
        self.uri = uri
        self._cipher = AESGCM(material)

    def wrap(self, material: bytes, context: bytes) -> bytes:
        """Encrypt a data key so that it opens only under the same context."""
        iv = os.urandom(IV_BYTES)
        return iv + self._cipher.encrypt(iv, material, DOMAIN + context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key; raise KekError where key, context or bytes are not the same."""
        iv, sealed = wrapped[:IV_BYTES], wrapped[IV_BYTES:]
        try:
            return self._cipher.decrypt(iv, sealed, DOMAIN + context)
        except (InvalidTag, ValueError):
            pass
        raise does_not_open(self.uri)


def decoded(text: bytes, source: str) -> bytes:
    """Return the 32 bytes that base64 text stands for; `source` names it in the error."""
    try:
        material = b64decode(text.strip(), validate=True)
    except ValueError:
        material = b""
    if len(material) != KEY_BYTES:
        raise KekError(
            f"{source} does not hold a key: {KEY_BYTES} bytes are needed; "
            "make one with `openssl rand -base64 32`"
        )
    return material
