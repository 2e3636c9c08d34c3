"""The heads of the log that the evidence of earlier runs carries: what it must still hold."""

import json
from pathlib import Path
from typing import NamedTuple

from reseal.audit.check import head_of
from reseal.audit.link import Head
from reseal.errors import EvidenceError

# What the excerpt is called in a run's evidence.
FILE = "audit.json"


class Noted(NamedTuple):
    """The heads with the run that noted each, and the files that have none to read."""

    heads: dict[Head, str]
    unreadable: list[str]


def noted_heads(evidence: Path) -> Noted:
    """Read the head out of the excerpt of every run whose evidence is there."""
    noted = Noted({}, [])
    for path in sorted(evidence.glob(f"*/{FILE}")):
        try:
            head = head_of(json.loads(path.read_bytes()))
        except (EvidenceError, OSError, ValueError, RecursionError):
            noted.unreadable.append(f"{path} holds no head of an audit log that can be read")
        else:
            noted.heads[head] = f"by run {path.parent.name}"
    return noted
