"""An Ed25519 key pair on a token: it signs there with CKM_EDDSA and never leaves it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reseal.errors import KekError
from reseal.kek.pkcs11_token import Token, so_named
from reseal.kek.refusal import Duty, unusable

if TYPE_CHECKING:
    from pkcs11 import Session

_KEY_BYTES = 32


class Pkcs11Signer:
    """Sign on the token; safe to share by threads."""

    def __init__(self, text: str, environment: Mapping[str, str]) -> None:
        self._token = Token(text, environment, Duty.SIGNS)
        self.uri = self._token.name.uri

    def public_bytes(self) -> bytes:
        """Return the 32 bytes of the public key (RFC 8032, 5.1.5)."""
        from pkcs11 import Attribute, ObjectClass

        # An OCTET STRING in DER, or the bare point: PKCS#11 3.0 and 3.1 differ.
        found = self._found(ObjectClass.PUBLIC_KEY, lambda key: bytes(key[Attribute.EC_POINT]))
        return found[-_KEY_BYTES:]

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of a signature (RFC 8032, 5.1.6)."""
        from pkcs11 import Mechanism, ObjectClass

        return self._found(
            ObjectClass.PRIVATE_KEY,
            lambda key: bytes(key.sign(message, mechanism=Mechanism.EDDSA)),
        )

    def _found(self, kind: Any, use: Any) -> bytes:
        def act(session: "Session") -> bytes:
            used: bytes = use(_find(session, kind, self._token))
            return used

        return self._token.within(act)


def _find(session: "Session", kind: Any, token: Token) -> Any:
    from pkcs11 import KeyType

    found = so_named(session, kind, token.names)
    if len(found) != 1:
        count = "no" if not found else "several"
        why = (
            f"the token has {count} {kind.name.lower()} of this name; check object= and id=, or "
            "make an Ed25519 key pair"
        )
        raise KekError(unusable(token.name, why))
    if found[0].key_type != KeyType.EC_EDWARDS:
        raise KekError(unusable(token.name, "it is not an Ed25519 key"))
    return found[0]
