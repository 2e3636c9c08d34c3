"""A run whose bundle is kept elsewhere is announced there, so that it is missed with its machine.

What is announced is what the run knows before anything happens: who, when, what, by which
parameters. It is signed, and it goes when the bundle is closed.
"""

import json
from contextlib import suppress
from hashlib import sha256
from typing import Any

from reseal.errors import EvidenceError, ShelfUnreachable
from reseal.evidence.dsse import opened, signed
from reseal.evidence.manifest import OPENING
from reseal.evidence.public_key import PublicKey
from reseal.evidence.shelf import OPEN, Shelf
from reseal.evidence.signing_key import SigningKey
from reseal.evidence.spelling import parsed, spelled

PAYLOAD_TYPE = "application/vnd.reseal.evidence-opening+json"


def announce(shelf: Shelf, opening: dict[str, Any], key: SigningKey) -> None:
    """Put what is known of a run on the shelf."""
    name = opening["run_id"]
    # Signed by its digest, as a service may sign only what is short.
    statement = signed(spelled(_stated(name, opening)), PAYLOAD_TYPE, key)
    document = {"opening": opening, "statement": json.loads(statement)}
    shelf.put(_place(name), spelled(document))


def withdraw(shelf: Shelf, name: str) -> None:
    """Remove what was announced of a run."""
    # It may be gone, or the store keeps what was once written. Beside a closed bundle it says
    # nothing.
    with suppress(EvidenceError, ShelfUnreachable):
        shelf.remove(_place(name))


def announced(content: bytes, name: str, keys: list[PublicKey]) -> dict[str, Any]:
    """Return what was announced of a run and signed by one of the keys; raise EvidenceError."""
    where = _place(name)
    document = parsed(content, where)
    envelope = spelled(document.get("statement"))
    opening: dict[str, Any] = document.get("opening") or {}
    if opened(envelope, PAYLOAD_TYPE, keys, where) != spelled(_stated(name, opening)):
        raise EvidenceError(f"{where} is not the one that was signed")
    return opening


def opening_of(shelf: Shelf, name: str) -> dict[str, Any]:
    """Return what is said of a run that is not closed, here or elsewhere; nothing is checked."""
    # On this machine the file in OPEN is empty: it is a lock.
    for file, part in ((_place(name), "opening"), (f"{name}/{OPENING}.json", None)):
        with suppress(EvidenceError, ValueError, RecursionError, LookupError, TypeError):
            document = json.loads(shelf.read(file))
            return dict(document[part] if part else document)
    return {}


def _stated(name: str, opening: dict[str, Any]) -> dict[str, Any]:
    return {"run_id": name, "opening": {"sha256": sha256(spelled(opening)).hexdigest()}}


def _place(name: str) -> str:
    return f"{OPEN}/{name}"
