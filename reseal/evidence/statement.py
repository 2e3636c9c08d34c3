"""What is signed of a bundle: an in-toto statement (v1) about its manifest."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from reseal.errors import EvidenceError
from reseal.evidence.spelling import parsed, spelled

MANIFEST = "manifest.json"
STATEMENT = "statement.dsse.json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"

_TYPE = "https://in-toto.io/Statement/v1"
_PREDICATE = "urn:reseal:evidence:run:v1"


@dataclass(frozen=True, slots=True)
class Link:
    """A bundle by its run and the SHA-256 of its manifest."""

    run_id: str
    sha256: str

    def as_dict(self) -> dict[str, str]:
        """Return it as the next bundle's `previous`."""
        return {"run_id": self.run_id, "sha256": self.sha256}


def link_of(run_id: str, manifest: bytes) -> Link:
    """Return the link to a bundle with this manifest."""
    return Link(run_id, sha256(manifest).hexdigest())


def statement(manifest: bytes) -> bytes:
    """State which manifest is meant, and where its run stands in the chain."""
    return spelled(_stated(manifest, parsed(manifest, MANIFEST)))


def need_about(payload: bytes, manifest: bytes, name: str) -> None:
    """Raise EvidenceError, which calls the bundle `name`, where a statement is of another one."""
    if statement(manifest) != payload:
        raise EvidenceError(f"{name}/{MANIFEST} is not the one that was signed")


def _stated(manifest: bytes, facts: dict[str, Any]) -> dict[str, Any]:
    run = facts.get("run")
    return {
        "_type": _TYPE,
        "subject": [{"name": MANIFEST, "digest": {"sha256": sha256(manifest).hexdigest()}}],
        "predicateType": _PREDICATE,
        "predicate": {
            "run_id": run.get("run_id") if isinstance(run, dict) else None,
            "chain": facts.get("chain"),
            "previous": facts.get("previous"),
        },
    }
