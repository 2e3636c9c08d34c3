"""One plaintext, in a type that will not show it by accident."""

import hmac
from typing import Never, final


@final
class Secret:
    """Hold one MFA secret, character for character as the application wrote it.

    Printing or formatting shows a mask; pickling, copying, hashing and `==` raise.
    `reveal()` is the one door to the text.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the plaintext; whoever calls this answers for where it goes."""
        return self._text

    def matches(self, other: "Secret") -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self._text.encode(), other._text.encode())

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
