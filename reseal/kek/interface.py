"""What every provider of a key-encryption key offers."""

from typing import Protocol


class Kek(Protocol):
    """Wrap and unwrap data keys, bound to a context."""

    @property
    def uri(self) -> str:
        """The URI that leads back to this key; no secret."""

    def wrap(self, material: bytes, context: bytes) -> bytes:
        """Encrypt a data key so that it opens only under the same context."""

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key; raise KekError where key, context or bytes are not the same."""
