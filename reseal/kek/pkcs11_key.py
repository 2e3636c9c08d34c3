"""Find an AES key on a token, and use it there with CKM_AES_GCM."""

import os
from typing import TYPE_CHECKING, Any, TypeAlias

from reseal.errors import KekError
from reseal.kek.local import IV_BYTES, KEY_BYTES
from reseal.kek.pkcs11_token import so_named
from reseal.kek.pkcs11_uri import Pkcs11Uri
from reseal.kek.refusal import KeyName, unusable

if TYPE_CHECKING:
    from pkcs11 import Session

TAG_BYTES = 16

# The types of python-pkcs11 do not say which keys have `encrypt`.
TokenKey: TypeAlias = Any


def find_key(session: "Session", names: Pkcs11Uri, name: KeyName) -> TokenKey:
    """Return the one key of this name, which is AES with 256 bits and may do both."""
    from pkcs11 import Attribute, KeyType, ObjectClass

    found = so_named(session, ObjectClass.SECRET_KEY, names)
    if not found:
        why = "the token has no such secret key; check object= and id=, or make the key"
        raise KekError(unusable(name, why))
    if len(found) > 1:
        why = "the token has several such keys; tell them apart with id="
        raise KekError(unusable(name, why))
    key: TokenKey = found[0]
    if key.key_type != KeyType.AES or key[Attribute.VALUE_LEN] != KEY_BYTES:
        raise KekError(unusable(name, "it is not an AES key of 256 bits; make one that is"))
    if not (key[Attribute.ENCRYPT] and key[Attribute.DECRYPT]):
        why = "the key may not encrypt and decrypt; make one with CKA_ENCRYPT and CKA_DECRYPT"
        raise KekError(unusable(name, why))
    return key


def encrypted(key: TokenKey, iv: bytes, plain: bytes, bound: bytes) -> bytes:
    """Return ciphertext and tag."""
    return bytes(key.encrypt(plain, **_gcm(iv, bound)))


def decrypted(key: TokenKey, iv: bytes, sealed: bytes, bound: bytes) -> bytes | None:
    """Return the plaintext, or None where key, iv, bound or sealed are not the same."""
    from pkcs11 import PKCS11Error

    try:
        return bytes(key.decrypt(sealed, **_gcm(iv, bound)))
    except PKCS11Error:
        pass
    # SoftHSM says of a wrong tag what it says of a token that is gone: CKR_GENERAL_ERROR.
    # A token that still encrypts is there, and so it was the tag.
    encrypted(key, os.urandom(IV_BYTES), bytes(KEY_BYTES), b"")
    return None


def _gcm(iv: bytes, bound: bytes) -> dict[str, Any]:
    from pkcs11 import GCMParams, Mechanism

    return {
        "mechanism": Mechanism.AES_GCM,
        "mechanism_param": GCMParams(iv, bound, tag_bits=8 * TAG_BYTES),
    }
