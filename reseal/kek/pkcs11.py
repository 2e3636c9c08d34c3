"""`pkcs11:...`: an AES key on a token, such as an HSM, that never leaves it."""

import os
from collections.abc import Callable, Mapping
from typing import TypeVar

from reseal.kek.local import DOMAIN, IV_BYTES
from reseal.kek.pkcs11_key import TAG_BYTES, TokenKey, decrypted, encrypted, find_key
from reseal.kek.pkcs11_token import Token
from reseal.kek.refusal import Duty, does_not_open

Result = TypeVar("Result")


class Pkcs11Kek:
    """Wrap with AES-256-GCM on the token, in the format of a local key; safe to share by threads.

    Nothing is asked before the first wrap or unwrap.
    """

    def __init__(self, text: str, environment: Mapping[str, str]) -> None:
        self._token = Token(text, environment, Duty.WRAPS)
        self.uri = self._token.name.uri

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
        names, name = self._token.names, self._token.name
        return self._token.within(lambda session: act(find_key(session, names, name)))
