"""Plaintext, one or many, in types that will not show it by accident."""

import hmac
from collections.abc import Sequence
from typing import Never, final

# JSON can spell half of a surrogate pair. Refusing it would raise an error that holds the value.
_HALF_PAIRS = ("utf-8", "surrogatepass")


@final
class Secret:
    """Hold one MFA secret, byte for byte as the application stored it.

    Most are text, kept as UTF-8; raw key bytes from a `bytea` column are kept as they are.
    Printing or formatting shows a mask; pickling, copying, hashing and `==` raise. `reveal()`
    and `octets()` are the two doors to it.
    """

    __slots__ = ("_octets",)

    def __init__(self, plain: str | bytes) -> None:
        self._octets = plain.encode(*_HALF_PAIRS) if isinstance(plain, str) else plain

    def reveal(self) -> str:
        """Return the plaintext; whoever calls this answers for where it goes.

        Raise ValueError where the secret is raw bytes that are no text.
        """
        try:
            return self._octets.decode(*_HALF_PAIRS)
        except UnicodeDecodeError:
            pass
        # Outside of the block: the cause of a decoding error holds the bytes.
        raise ValueError("this secret is raw bytes, not text; octets() returns them")

    def octets(self) -> bytes:
        """Return the plaintext's bytes; whoever calls this answers for where they go."""
        return self._octets

    def matches(self, other: "Secret") -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self._octets, other._octets)

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __eq__(self, _other: object) -> Never:
        raise TypeError("a Secret is not compared with ==; use matches()")

    __hash__ = None  # type: ignore[assignment]

    def __reduce_ex__(self, _protocol: object) -> Never:
        raise TypeError("a Secret cannot be pickled or copied")


@final
class Secrets:
    """Hold the secrets of many rows in order, as shy as one; `octets()` is the door to them.

    A sweep has millions, for which an object each costs more than the encryption.
    """

    __slots__ = ("_octets",)

    def __init__(self, octets: Sequence[bytes]) -> None:
        self._octets = octets

    def octets(self) -> Sequence[bytes]:
        """Return the bytes of each; whoever calls this answers for where they go."""
        return self._octets

    def matching(self, others: "Secrets") -> list[bool]:
        """Compare each with the other at its place, in constant time."""
        return list(map(hmac.compare_digest, self._octets, others._octets))

    def __len__(self) -> int:
        return len(self._octets)

    def __repr__(self) -> str:
        return f"Secrets({len(self)} of them)"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __eq__(self, _other: object) -> Never:
        raise TypeError("Secrets are not compared with ==")

    __hash__ = None  # type: ignore[assignment]

    def __reduce_ex__(self, _protocol: object) -> Never:
        raise TypeError("Secrets cannot be pickled or copied")
