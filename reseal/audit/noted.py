"""The heads of the log that the evidence of earlier runs carries: what it must still hold."""

import json
from typing import NamedTuple

from reseal.audit.check import head_of
from reseal.audit.link import Head
from reseal.errors import EvidenceError
from reseal.evidence.manifest import AUDIT
from reseal.evidence.shelf import Shelf
from reseal.evidence.statement import STATEMENT


class Noted(NamedTuple):
    """The heads with the run that noted each, and what is wrong with files that have none."""

    heads: dict[Head, str]
    unreadable: list[str]


def noted_heads(shelf: Shelf) -> Noted:
    """Read the head out of the excerpt in every bundle that is closed."""
    noted, names = Noted({}, []), shelf.names()
    for name in sorted(names):
        run, _, file = name.partition("/")
        if file != AUDIT or f"{run}/{STATEMENT}" not in names:
            continue
        try:
            head = head_of(json.loads(shelf.read(name)))
        except (EvidenceError, ValueError, RecursionError):
            noted.unreadable.append(f"{name} of the evidence holds no head of an audit log")
        else:
            noted.heads[head] = f"by run {run}"
    return noted
