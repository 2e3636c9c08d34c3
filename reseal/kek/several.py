"""Several keys at once, while one takes the place of another."""

from collections.abc import Sequence

from reseal.errors import KekError, KekUnreachable
from reseal.kek.interface import Kek


class SeveralKeks:
    """Wrap under the first key and unwrap with the first that opens."""

    def __init__(self, keks: Sequence[Kek]) -> None:
        self._keks = tuple(keks)

    def __repr__(self) -> str:
        return f"SeveralKeks({', '.join(repr(kek.uri) for kek in self._keks)})"

    @property
    def uri(self) -> str:
        """The URI of the key that wraps."""
        return self._keks[0].uri

    def wrap(self, material: bytes, context: bytes) -> bytes:
        """Encrypt a data key so that it opens only under the same context."""
        return self._keks[0].wrap(material, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key; raise KekUnreachable where one that may open it did not answer."""
        refusals: list[KekError] = []
        for kek in self._keks:
            try:
                return kek.unwrap(wrapped, context)
            except KekError as error:
                refusals.append(error)
        raise _joined(refusals)


def _joined(refusals: list[KekError]) -> KekError:
    for refusal in refusals:
        if isinstance(refusal, KekUnreachable):
            return KekUnreachable(str(refusal))
    reasons = "; ".join(str(refusal) for refusal in refusals)
    return KekError(f"none of the key-encryption keys that are named opens a data key: {reasons}")
