"""Ask a provider once for each wrapped key, however often it has to be opened."""

from hashlib import sha256

from reseal.kek.interface import Kek


class RememberedKek:
    """Unwrap through a dictionary of what was unwrapped before; wrap always anew.

    For a key whose provider is a service or device. A local one is not remembered, so that
    one that was exchanged is noticed.
    """

    def __init__(self, kek: Kek, known: dict[bytes, bytes]) -> None:
        self._kek = kek
        self._known = known

    def __repr__(self) -> str:
        return f"RememberedKek({self.uri!r})"

    @property
    def uri(self) -> str:
        """The URI that leads back to this key; no secret."""
        return self._kek.uri

    def wrap(self, material: bytes, context: bytes) -> bytes:
        """Encrypt a data key so that it opens only under the same context."""
        return self._kek.wrap(material, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key; what fails is not remembered."""
        name = _name(self.uri.encode(), context, wrapped)
        material = self._known.get(name)
        if material is None:
            material = self._known[name] = self._kek.unwrap(wrapped, context)
        return material


def _name(*parts: bytes) -> bytes:
    # With lengths, so that no two triples run together into the same bytes.
    return sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()
