"""The audit log: append-only, each event holding the hash of the one before; see reseal.audit."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from reseal.actor import account
from reseal.audit.action import Action
from reseal.audit.chain import Stored
from reseal.store.store import Store

# Number, time, role and links are the database's own.
APPEND = """
INSERT INTO {reseal}.event (run_id, correlation, actor, account, action, detail)
VALUES (%s, %s, %s, %s, %s, %s)
"""

LATEST = """
SELECT detail FROM {reseal}.event
WHERE action = %(action)s AND (%(run)s::uuid IS NULL OR run_id = %(run)s)
  AND detail @> %(like)s ORDER BY event_id DESC LIMIT 1
"""

# Spelled here once more: who has changed the log may have changed the database's functions, too.
BODY = """
jsonb_build_object(
    'id', event_id, 'at', (to_jsonb(at AT TIME ZONE 'UTC') #>> '{}') || 'Z', 'run', run_id,
    'by', correlation, 'actor', actor, 'account', account, 'role', role, 'action', action,
    'detail', detail)::text
"""

LINKS = """
SELECT event_id, {body}, previous, hash FROM {reseal}.event WHERE event_id >= %s ORDER BY event_id
"""

CHOSEN = """
SELECT event_id, {body}, previous, hash FROM (
    SELECT * FROM {reseal}.event
    WHERE (%(run)s::uuid IS NULL OR run_id = %(run)s OR correlation = %(run)s)
      AND (%(numbers)s::bigint[] IS NULL OR event_id = ANY (%(numbers)s))
    ORDER BY event_id DESC LIMIT %(most)s) AS chosen
ORDER BY event_id
"""

# Where the excerpt for a run begins: with its first event, or behind the last one of all.
FIRST_OF_RUN = """
SELECT coalesce(
    least((SELECT min(event_id) FROM {reseal}.event WHERE run_id = %(run)s),
          (SELECT min(event_id) FROM {reseal}.event WHERE correlation = %(run)s)),
    (SELECT max(event_id) + 1 FROM {reseal}.event), 1)
"""

UNPROTECTED = """
SELECT name FROM (VALUES ('append_only', 'A'), ('append_only_whole', 'A'), ('chained', 'O'))
    AS due (name, enabled)
WHERE NOT EXISTS (
    SELECT FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relname = 'event' AND t.tgname = due.name
      AND t.tgenabled::text = due.enabled)
ORDER BY name
"""

_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Event:
    """Who did what about which run; `detail` holds ids, counts and reasons only.

    `correlation` is the run that did it, where it was not a command of its own.
    """

    run_id: UUID | None
    actor: str
    action: Action
    detail: dict[str, Any]
    correlation: UUID | None = None


def append(store: Store, event: Event) -> None:
    """Add an event at the end of the chain."""
    by = event.correlation or store.correlation
    who = [event.run_id, by, event.actor, account()]
    # A name that is none of ours is a fault of ours.
    store.execute(APPEND, [*who, Action(event.action), Jsonb(event.detail)])


def latest(
    store: Store, action: Action, run_id: UUID | None = None, **like: Any
) -> dict[str, Any] | None:
    """Return the detail of the latest event of this kind, of one run or of any."""
    row = store.one(LATEST, {"action": action, "run": run_id, "like": Jsonb(like)})
    return row[0] if row else None


def links(store: Store, first: int = 1) -> Iterator[Stored]:
    """Yield the events from a number on, as they are chained; call it in a transaction."""
    for part in store.in_parts(LINKS, _AT_ONCE, [first], body=sql.SQL(BODY)):
        yield from map(Stored._make, part)


def chosen(
    store: Store, run_id: UUID | None, numbers: list[int] | None, most: int | None
) -> list[Stored]:
    """Return the latest events in their order: of any run or of one, of any number or of some."""
    values = {"run": run_id, "numbers": numbers, "most": most}
    return [Stored(*row) for row in store.execute(CHOSEN, values, body=sql.SQL(BODY))]


def first_of(store: Store, run_id: UUID) -> int:
    """Return the number of a run's first event, or where it would be."""
    return int(store.need(FIRST_OF_RUN, {"run": run_id})[0])


def unprotected(store: Store) -> list[str]:
    """Return the triggers that keep the log in order and do not stand as they were made."""
    return [name for (name,) in store.execute(UNPROTECTED, [store.schema])]
