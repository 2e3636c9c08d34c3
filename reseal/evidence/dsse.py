"""A signed document in the Dead Simple Signing Envelope (DSSE, protocol and envelope v1)."""

from base64 import b64decode, b64encode
from collections.abc import Iterable

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
    document = parsed(envelope, name)
    try:
        payload, signature = _parts(document, payload_type)
    except (LookupError, TypeError, ValueError):
        raise EvidenceError(f"{name} is not a signed envelope of {payload_type}") from None
    message = _authenticated(payload_type, payload)
    by = document["signatures"][0]["keyid"]
    if not any(key.id == by and key.has_signed(message, signature) for key in keys):
        raise EvidenceError(f"{name} is not signed by the given key")
    return payload


def _parts(document: dict[str, object], payload_type: str) -> tuple[bytes, bytes]:
    payload, (signature,) = document["payload"], document["signatures"]  # type: ignore[misc]
    if document.keys() != {"payload", "payloadType", "signatures"}:
        raise ValueError
    if document["payloadType"] != payload_type or signature.keys() != {"keyid", "sig"}:  # type: ignore[has-type]
        raise ValueError
    return _decoded(payload), _decoded(signature["sig"], _SIGNATURE_BYTES)  # type: ignore[has-type]


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
