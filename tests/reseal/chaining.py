"""Chains made without a database, for the laws about them."""

from collections.abc import Sequence
from typing import Any

from reseal.audit.chain import Stored
from reseal.audit.link import GENESIS, Head, digest, link
from reseal.audit.spelling import spelled

RUN, OTHER = "6f0c7f2e-7d1c-4e2e-9f5e-0a6f3b1d2c4b", "0a6f3b1d-2c4b-4e2e-9f5e-6f0c7f2e7d1c"


def body_of(number: int, **words: Any) -> dict[str, Any]:
    """An event as it is hashed."""
    said = {
        "id": number, "at": f"2026-11-28T22:49:{number % 60:02}.5Z", "run": RUN, "by": RUN,
        "actor": "ada", "account": "root", "role": "postgres", "action": "sealed",
        "detail": {"rows": number},
    }  # fmt: skip
    return {**said, **words}


def chained(bodies: Sequence[dict[str, Any]]) -> list[Stored]:
    """A chain whose links are all right, whatever it says."""
    previous, events = GENESIS, []
    for body in bodies:
        text = spelled(body)
        events.append(Stored(body["id"], text, previous, link(previous, digest(text))))
        previous = events[-1].hash or b""
    return events


def head_of(events: Sequence[Stored]) -> Head:
    """The head of a chain."""
    last = events[-1]
    return Head(last.event_id, (last.hash or b"").hex())
