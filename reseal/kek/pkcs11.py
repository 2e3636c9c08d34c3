"""`pkcs11:...`: an AES key on a token, such as an HSM, that never leaves it."""

import os
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from threading import Lock
from typing import TypeVar

from reseal.errors import KekError, KekUnreachable
from reseal.kek.local import DOMAIN, IV_BYTES
from reseal.kek.pin import pin_from
from reseal.kek.pkcs11_key import TAG_BYTES, TokenKey, decrypted, encrypted, find_key
from reseal.kek.pkcs11_refusal import refusal_of
from reseal.kek.pkcs11_session import load, log_in
from reseal.kek.pkcs11_uri import Pkcs11Uri
from reseal.kek.refusal import does_not_open, extra_missing, unusable

Result = TypeVar("Result")

# A login is the whole process's, so the tokens are used by one thread at a time.
_TURN = Lock()


class Pkcs11Kek:
    """Wrap with AES-256-GCM on the token, in the format of a local key; safe to share by threads.

    A session lasts for one wrap or unwrap. They are few, and a token that goes away and comes
    back in between leaves nothing stale.
    """

    def __init__(self, text: str, environment: Mapping[str, str]) -> None:
        if find_spec("pkcs11") is None:
            raise extra_missing("pkcs11", "python-pkcs11")
        self._names = Pkcs11Uri.parse(text)
        self.uri = f"pkcs11:{text}"
        self._environment = environment
        self._module = self._names.module or environment.get("RESEAL_PKCS11_MODULE") or ""
        if not self._module:
            why = "no module is named; add ?module-path=PATH to it, or set RESEAL_PKCS11_MODULE"
            raise KekError(unusable(self.uri, why))

    def wrap(self, material: bytes, context: bytes) -> bytes:
        """Encrypt a data key so that it opens only under the same context."""
        iv = os.urandom(IV_BYTES)
        return iv + self._with_key(lambda key: encrypted(key, iv, material, DOMAIN + context))

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key; raise KekError where key, context or bytes are not the same."""
        iv, sealed = wrapped[:IV_BYTES], wrapped[IV_BYTES:]
        if len(sealed) < TAG_BYTES:
            raise does_not_open(self.uri)
        material = self._with_key(lambda key: decrypted(key, iv, sealed, DOMAIN + context))
        if material is None:
            raise does_not_open(self.uri)
        return material

    def _with_key(self, act: Callable[[TokenKey], Result]) -> Result:
        from pkcs11 import PKCS11Error

        with _TURN:
            for anew in (False, True):
                try:
                    return self._once(act, anew)
                except PKCS11Error as error:
                    refusal = refusal_of(error, self.uri)
                # Never a second try with a wrong PIN: the token counts them, and locks.
                if not isinstance(refusal, KekUnreachable):
                    break
        raise refusal

    def _once(self, act: Callable[[TokenKey], Result], anew: bool) -> Result:
        pin = pin_from(self._names.pin_source, self._environment)
        library = load(self._module, self.uri, anew=anew)
        with log_in(library, self._names, pin, self.uri) as session:
            return act(find_key(session, self._names, self.uri))
