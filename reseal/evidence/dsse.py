"""A signed document in the Dead Simple Signing Envelope (DSSE, protocol and envelope v1)."""

from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import Any

from reseal.errors import EvidenceError
from reseal.evidence.public_key import PublicKey
from reseal.evidence.signing_key import SigningKey
from reseal.evidence.spelling import parsed, spelled

_SIGNATURE_BYTES = 64


def signed(payload: bytes, payload_type: str, key: SigningKey) -> bytes:
    """Return the envelope, as JSON, of a payload that the key signs."""
    signature = key.sign(_authenticated(payload_type, payload))
    return spelled(
        {
            "payload": b64encode(payload).decode(),
            "payloadType": payload_type,
            "signatures": [{"keyid": key.public.id, "sig": b64encode(signature).decode()}],
        }
    )


def opened(envelope: bytes, payload_type: str, keys: Iterable[PublicKey], name: str) -> bytes:
    """Return the payload that one of the keys has signed; raise EvidenceError, naming `name`."""
    payload, signature, by = _parts(envelope, payload_type, name)
    message = _authenticated(payload_type, payload)
    if not any(key.id == by and key.has_signed(message, signature) for key in keys):
        raise EvidenceError(f"{name} is not signed by the given key")
    return payload


def unchecked(envelope: bytes, payload_type: str, name: str) -> bytes:
    """Return the payload, whoever signed it; raise EvidenceError where it is none of this type."""
    return _parts(envelope, payload_type, name)[0]


def _parts(envelope: bytes, payload_type: str, name: str) -> tuple[bytes, bytes, object]:
    """Return the payload, the signature, and the name of the key that it says it is of."""
    try:
        return _taken_apart(parsed(envelope, name), payload_type)
    except (LookupError, TypeError, ValueError):
        raise EvidenceError(f"{name} is not a signed envelope of {payload_type}") from None


def _taken_apart(document: dict[str, Any], payload_type: str) -> tuple[bytes, bytes, object]:
    payload, (signature,) = document["payload"], document["signatures"]
    if document.keys() != {"payload", "payloadType", "signatures"}:
        raise ValueError
    if document["payloadType"] != payload_type or signature.keys() != {"keyid", "sig"}:
        raise ValueError
    return _decoded(payload), _decoded(signature["sig"], _SIGNATURE_BYTES), signature["keyid"]


def _decoded(text: object, length: int | None = None) -> bytes:
    if not isinstance(text, str):
        raise TypeError
    content = b64decode(text, validate=True)
    # Base64 has spellings that differ in bits nobody reads.
    if b64encode(content).decode() != text or length not in (None, len(content)):
        raise ValueError
    return content


def _authenticated(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that are signed, in which type and payload cannot run into each other."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
