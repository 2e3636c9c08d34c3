"""The golden vectors of every version of the envelope, one folder each; added to, never edited."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

VECTORS = Path(__file__).parent / "vectors"
GOLDEN = sorted(VECTORS.glob("v*/envelopes.json"))

_PARTS: dict[str, Any] = {"int": int, "text": str, "uuid": UUID, "null": lambda _: None}


def opens(path: Path) -> list[dict[str, Any]]:
    """Return the envelopes that open, each with all that it is made of."""
    return list(json.loads(path.read_text())["opens"])


def refused(path: Path) -> list[dict[str, Any]]:
    """Return the values that must be refused, each with the name of the error."""
    return list(json.loads(path.read_text())["refused"])


def row_key(vector: dict[str, Any]) -> tuple[Any, ...]:
    """Return what is bound of the row's key."""
    if vector["bind"] == "field":
        return ()
    return tuple(_PARTS[kind](text) for kind, text in vector["row_key"])
