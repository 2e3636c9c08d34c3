"""`pkcs11:...`: an AES key on a token, such as an HSM, that never leaves it."""

import os
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING

from reseal.errors import KekError, KekUnreachable
from reseal.kek.local import DOMAIN, IV_BYTES, KEY_BYTES
from reseal.kek.pin import pin_from
from reseal.kek.pkcs11_refusal import refusal_of
from reseal.kek.pkcs11_uri import Pkcs11Uri
from reseal.kek.refusal import does_not_open, extra_missing, unusable

if TYPE_CHECKING:
    from pkcs11 import SecretKey, Session, Token
    from pkcs11._pkcs11 import lib as Library  # noqa: N812

_TAG_BYTES = 16
# Whoever is logged in is so for the whole process, hence one user of the token at a time.
_TURN = Lock()


class Pkcs11Kek:
    """Wrap with AES-256-GCM on the token, in the format of a local key; safe to share by threads.

    A session lasts for one wrap or unwrap: they are few, and what the token does in between,
    like going away and coming back, then leaves nothing stale.
    """

    def __init__(self, text: str, environment: Mapping[str, str]) -> None:
        if find_spec("pkcs11") is None:
            raise extra_missing("pkcs11", "python-pkcs11")
        self._names = Pkcs11Uri.parse(text)
        self.uri = f"pkcs11:{text}"
        self._environment = environment
        self._module = self._names.module or environment.get("RESEAL_PKCS11_MODULE") or ""
        if not self._module:
            why = "no module is named; add module-path=PATH to it or set RESEAL_PKCS11_MODULE"
            raise KekError(unusable(self.uri, why))

    def wrap(self, material: bytes, context: bytes) -> bytes:
        """Encrypt a data key so that it opens only under the same context."""
        iv = os.urandom(IV_BYTES)
        return iv + self._with_key(lambda key: _encrypted(key, iv, material, context))

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key; raise KekError where key, context or bytes are not the same."""
        if len(wrapped) < IV_BYTES + _TAG_BYTES:
            raise does_not_open(self.uri)
        iv, sealed = wrapped[:IV_BYTES], wrapped[IV_BYTES:]
        material = self._with_key(lambda key: _decrypted(key, iv, sealed, context))
        if material is None:
            raise does_not_open(self.uri)
        return material

    def _with_key[T](self, act: Callable[["SecretKey"], T]) -> T: ...
