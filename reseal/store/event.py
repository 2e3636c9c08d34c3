"""The audit log: append-only, each event holding the hash of the one before."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from reseal.store.store import Store

# The chain is one line: writers queue here, for the length of an insert.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('reseal events', 0))"

# A statement of its own: its snapshot must be taken when the lock is held, or it would miss the
# event of the writer before. The detail comes back as jsonb spells it, which is what is hashed.
LAST = """
SELECT (SELECT hash FROM {reseal}.event ORDER BY event_id DESC LIMIT 1), clock_timestamp(),
       %s::jsonb
"""

APPEND = """
INSERT INTO {reseal}.event (run_id, actor, action, detail, at, previous, hash)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""

ALL = """
SELECT event_id, run_id, actor, action, detail, at, previous, hash
FROM {reseal}.event ORDER BY event_id
"""

LATEST = """
SELECT detail FROM {reseal}.event
WHERE action = %(action)s AND (%(run)s::uuid IS NULL OR run_id = %(run)s)
  AND detail @> %(like)s ORDER BY event_id DESC LIMIT 1
"""

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class Event:
    """Who did what, when, in which run; `detail` holds ids, counts and reasons only."""

    run_id: UUID | None
    actor: str
    action: str
    detail: dict[str, Any]

    def hash(self, at: datetime, previous: bytes) -> bytes:
        """Return the link: SHA-256 over the previous link and this event's canonical JSON."""
        body = [str(self.run_id), self.actor, self.action, self.detail, at.timestamp()]
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(previous + text.encode()).digest()


def append(store: Store, event: Event) -> None:
    """Add an event at the end of the chain."""
    with store.transaction():
        store.execute(LOCK)
        last, at, detail = store.need(LAST, [Jsonb(event.detail)])
        previous, stored = last or GENESIS, replace(event, detail=detail)
        values = [event.run_id, event.actor, event.action, Jsonb(detail)]
        store.execute(APPEND, [*values, at, previous, stored.hash(at, previous)])


def latest(
    store: Store, action: str, run_id: UUID | None = None, **like: Any
) -> dict[str, Any] | None:
    """Return the detail of the latest event of this kind, of one run or of any."""
    row = store.one(LATEST, {"action": action, "run": run_id, "like": Jsonb(like)})
    return row[0] if row else None


def broken_links(store: Store) -> Iterator[int]:
    """Yield the ids of events whose hash does not follow from what stands before them."""
    expected = GENESIS
    for event_id, run_id, actor, action, detail, at, previous, link in store.execute(ALL):
        event = Event(run_id, actor, action, detail)
        if previous != expected or event.hash(at, previous) != link:
            yield event_id
        expected = link
