"""The signing key that is kept beside the bundles, wrapped by the key-encryption key.

It signs the file that it is in, so that an edit shows where no key-encryption key is at hand. Who
puts another key there is found by the bundles, which it has not signed.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from reseal.errors import EvidenceError, KekError, KekUnreachable
from reseal.evidence.dsse import opened, signed, unchecked
from reseal.evidence.public_key import PublicKey
from reseal.evidence.shelf import Shelf
from reseal.evidence.signing_key import SETTING, LocalSigningKey
from reseal.evidence.spelling import parsed, spelled
from reseal.kek import Kek

OWN_KEY = "signing-key.dsse.json"
PAYLOAD_TYPE = "application/vnd.reseal.evidence-key+json"

_CONTEXT = b"reseal evidence signing key v1"


def own_key(shelf: Shelf, kek: Kek) -> LocalSigningKey:
    """Return the shelf's own key, made at its first use.

    Raise KekError where another key-encryption key wrapped it.
    """
    if not shelf.has(OWN_KEY):
        key = LocalSigningKey.new()
        keep(shelf, key, [kek])
        return key
    document = _document(shelf)
    key = _unwrapped(shelf, document, kek)
    if key.public != _public(document):
        raise EvidenceError(f"{shelf.where}/{OWN_KEY} does not hold the key that it says")
    return key


def own_public_key(shelf: Shelf) -> PublicKey | None:
    """Return the public half, which needs no key-encryption key; None where no key was made.

    Raise EvidenceError where the file was changed.
    """
    return _public(_document(shelf)) if shelf.has(OWN_KEY) else None


def keep(shelf: Shelf, key: LocalSigningKey, keks: Sequence[Kek]) -> None:
    """Keep a key beside the bundles, wrapped for each key-encryption key."""
    wrapped = [
        {"kek": kek.uri, "wrapped": b64encode(kek.wrap(key.seed, _CONTEXT)).decode()}
        for kek in keks
    ]
    document = spelled({"public": key.public.pem.decode(), "wrapped": wrapped})
    shelf.put(OWN_KEY, signed(document, PAYLOAD_TYPE, key))


def rewrap(shelf: Shelf, by: Sequence[Kek], to: Sequence[Kek]) -> None:
    """Wrap the key, which one of `by` opens, for each of `to`; where no key was made, do nothing.

    Raise KekError where none of them opens it.
    """
    if shelf.has(OWN_KEY):
        keep(shelf, _opened(shelf, by), to)


def _opened(shelf: Shelf, keks: Sequence[Kek]) -> LocalSigningKey:
    for kek in keks[:-1]:
        with suppress(KekError):
            return own_key(shelf, kek)
    return own_key(shelf, keks[-1])


def _document(shelf: Shelf) -> dict[str, Any]:
    envelope = shelf.read(OWN_KEY)
    public = _public(parsed(unchecked(envelope, PAYLOAD_TYPE, OWN_KEY), OWN_KEY))
    return parsed(opened(envelope, PAYLOAD_TYPE, [public], OWN_KEY), OWN_KEY)


def _public(document: dict[str, Any]) -> PublicKey:
    return PublicKey.parse(str(document.get("public")).encode(), OWN_KEY)


def _unwrapped(shelf: Shelf, document: dict[str, Any], kek: Kek) -> LocalSigningKey:
    wrapped = document.get("wrapped")
    if not isinstance(wrapped, list):
        raise EvidenceError(f"{shelf.where}/{OWN_KEY} does not hold a key")
    for one in wrapped:
        try:
            return LocalSigningKey(kek.unwrap(b64decode(one["wrapped"]), _CONTEXT))
        except KekUnreachable:
            raise
        except (KekError, LookupError, ValueError, TypeError):
            continue
    by = ", ".join(str(one.get("kek")) for one in wrapped if isinstance(one, dict))
    raise KekError(
        f"{kek.uri} does not open the signing key {shelf.where}/{OWN_KEY}, which {by} wrapped: "
        f"`reseal keys rewrap` moves it along with the data keys, or name a key in {SETTING}"
    )
