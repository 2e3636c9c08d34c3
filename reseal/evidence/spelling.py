"""JSON as evidence spells it: one document has one spelling, so that any edit shows."""

import json
from typing import Any

from reseal.errors import EvidenceError


def spelled(document: Any) -> bytes:
    """Return a document's one spelling: sorted keys, two spaces, a line feed at the end."""
    return (json.dumps(document, indent=2, sort_keys=True, default=str) + "\n").encode()


def parsed(text: bytes, name: str) -> dict[str, Any]:
    """Read what `spelled` wrote; raise EvidenceError, which calls it `name`, for anything else."""
    try:
        document = json.loads(text)
        # Reading is generous; only what writing gives back is accepted.
        if isinstance(document, dict) and spelled(document) == text:
            return document
    except (ValueError, TypeError, RecursionError):
        pass
    raise EvidenceError(f"{name} is not spelled as a run writes it")
