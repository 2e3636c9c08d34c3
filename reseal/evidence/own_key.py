"""The signing key that is kept beside the bundles, wrapped by the key-encryption key."""

from base64 import b64decode, b64encode

from reseal.errors import EvidenceError, KekError
from reseal.evidence.public_key import PublicKey
from reseal.evidence.shelf import Shelf
from reseal.evidence.signing_key import SETTING, SigningKey
from reseal.evidence.spelling import parsed, spelled
from reseal.kek import Kek

OWN_KEY = "signing-key.json"

_CONTEXT = b"reseal evidence signing key v1"


def own_key(shelf: Shelf, kek: Kek) -> SigningKey:
    """Return the shelf's own key, made at its first use.

    Raise KekError where another key-encryption key wrapped it.
    """
    if not shelf.has(OWN_KEY):
        key = SigningKey.new()
        keep(shelf, kek, key)
        return key
    document = parsed(shelf.read(OWN_KEY), f"{shelf.where}/{OWN_KEY}")
    try:
        key = SigningKey(kek.unwrap(b64decode(document["wrapped"]), _CONTEXT))
        if key.public.pem.decode() == document["public"]:
            return key
    except (LookupError, ValueError, TypeError):
        pass
    except KekError:
        raise KekError(
            f"{kek.uri} does not open the signing key {shelf.where}/{OWN_KEY}, which "
            f"{document.get('kek')} wrapped: `reseal keys rewrap` moves it along with the data "
            f"keys, or name a key in {SETTING}"
        ) from None
    raise EvidenceError(f"{shelf.where}/{OWN_KEY} does not hold the key that it says")


def keep(shelf: Shelf, kek: Kek, key: SigningKey) -> None:
    """Keep a key beside the bundles, wrapped anew."""
    wrapped = b64encode(kek.wrap(key.seed, _CONTEXT)).decode()
    shelf.put(
        OWN_KEY,
        spelled({"kek": kek.uri, "public": key.public.pem.decode(), "wrapped": wrapped}),
    )


def own_public_key(shelf: Shelf) -> PublicKey | None:
    """Return the public half, which needs no key-encryption key; None where no key was made."""
    if not shelf.has(OWN_KEY):
        return None
    document = parsed(shelf.read(OWN_KEY), f"{shelf.where}/{OWN_KEY}")
    return PublicKey.parse(str(document.get("public")).encode(), f"{shelf.where}/{OWN_KEY}")
