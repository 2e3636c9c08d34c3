"""The head of the chain: which bundle is the last and how many there are, signed.

It shows that bundles at the end were removed. Whoever puts an older head in its place as well is
found by the head that was printed, or that the audit log holds.
"""

from dataclasses import dataclass
from typing import Any

from reseal.errors import EvidenceError
from reseal.evidence.dsse import opened, signed, unchecked
from reseal.evidence.public_key import PublicKey
from reseal.evidence.signing_key import SigningKey
from reseal.evidence.spelling import parsed, spelled
from reseal.evidence.statement import Link

HEAD = "head.dsse.json"
PAYLOAD_TYPE = "application/vnd.reseal.evidence-head+json"


@dataclass(frozen=True, slots=True)
class Head:
    """The chain by its name, how many bundles it has, and its last one."""

    chain: str
    bundles: int
    last: Link

    def signed(self, key: SigningKey) -> bytes:
        """Return it as it is kept beside the bundles."""
        return signed(spelled(self.as_dict()), PAYLOAD_TYPE, key)

    def as_dict(self) -> dict[str, Any]:
        """Return it as the audit log keeps it."""
        return {"chain": self.chain, "bundles": self.bundles, "last": self.last.as_dict()}


def read_head(content: bytes, keys: list[PublicKey]) -> Head:
    """Return a head that one of the keys has signed; raise EvidenceError."""
    return parse_head(opened(content, PAYLOAD_TYPE, keys, HEAD))


def parse_head(payload: bytes) -> Head:
    """Return the head that is spelled so; raise EvidenceError."""
    document = parsed(payload, HEAD)
    try:
        head = Head(document["chain"], document["bundles"], Link(**document["last"]))
    except (LookupError, TypeError):
        raise EvidenceError(f"{HEAD} does not name a bundle") from None
    if spelled(head.as_dict()) != spelled(document):
        raise EvidenceError(f"{HEAD} does not name a bundle")
    return head


def last_named(content: bytes) -> Link | None:
    """Return the last bundle that a head names, whoever signed it; None where it is none."""
    try:
        return parse_head(unchecked(content, PAYLOAD_TYPE, HEAD)).last
    except EvidenceError:
        return None
