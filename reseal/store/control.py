"""Who may write a field: the advisory lock, the fencing epoch, and what a person asked for."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from reseal.errors import FieldBusy, Superseded
from reseal.patience import Patience
from reseal.store.store import Store

TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"

UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(%s, 0))"

TAKE_OVER = """
INSERT INTO {reseal}.control AS c (field, epoch, run_id) VALUES (%(field)s, 1, %(run)s)
ON CONFLICT (field) DO UPDATE SET epoch = c.epoch + 1, run_id = excluded.run_id,
    request = NULL, asked = NULL, asked_by = NULL, seen = clock_timestamp()
RETURNING epoch
"""

# FOR SHARE: several workers of one runner pass together, but a takeover waits for the batch
# that is under way, and after it every late statement of the old runner finds no row.
FENCE = "SELECT request FROM {reseal}.control WHERE field = %s AND epoch = %s FOR SHARE"

# Of a field that the same run still holds.
REQUEST = """
UPDATE {reseal}.control SET request = %(wish)s, asked_by = %(by)s,
    asked = CASE WHEN %(by)s::text IS NOT NULL THEN clock_timestamp() END
WHERE field = %(field)s AND run_id = %(run)s RETURNING field
"""

ASKED = "SELECT field, epoch, request FROM {reseal}.control WHERE field = ANY (%s)"

# What is held now: whoever holds it is connected.
HELD = """
SELECT c.field, c.run_id, c.request, c.asked, c.asked_by FROM {reseal}.control AS c
WHERE EXISTS (
    SELECT FROM pg_stat_activity AS a WHERE a.application_name = 'reseal run ' || c.run_id)
ORDER BY c.field
"""

# A database that no run of this version has brought forward has none.
HAS_WISHES = """
SELECT EXISTS (SELECT FROM pg_attribute
               WHERE attrelid = to_regclass(format('%%I.control', %s::text)) AND attname = 'asked')
"""

# Nobody else's: each session of a run is named after it.
CANCEL = """
SELECT count(*) FILTER (WHERE pg_cancel_backend(pid)) FROM pg_stat_activity
WHERE application_name = 'reseal run ' || %s AND state <> 'idle' AND pid <> pg_backend_pid()
"""


_A_FEW_SECONDS = Patience(tries=6)


class Request(StrEnum):
    """What a person asked a running sweep to do."""

    PAUSE = "pause"
    STOP = "stop"


def lock_name(store: Store, field: str) -> str:
    """Return the text whose hash is the advisory lock of a field."""
    return f"reseal/{store.schema}/{field}"


@contextmanager
def hold(store: Store, field: str, run_id: UUID) -> Iterator[int]:
    """Hold the field's lock on this connection and yield the new epoch; raise FieldBusy."""
    name = lock_name(store, field)
    _lock(store, f"field {field!r}", name)
    try:
        # The last batch of a dead runner may still hold the row; its statement ends in a while.
        owner = {"field": field, "run": run_id}
        epoch = Patience().retry(lambda: store.need(TAKE_OVER, owner))[0]
        yield epoch
    finally:
        _unlock(store, name)


@contextmanager
def hold_keys(store: Store) -> Iterator[None]:
    """Hold the right to change the state of data keys on this connection; raise FieldBusy."""
    # No field is named like this: a name that comes from reseal.toml has no blank at its start.
    name = lock_name(store, " keys")
    _lock(store, "the data keys", name)
    try:
        yield
    finally:
        _unlock(store, name)


def _lock(store: Store, what: str, name: str) -> None:
    # The server needs a moment to notice that the client of a killed run is gone.
    for attempt in range(_A_FEW_SECONDS.tries):
        if store.need(TRY_LOCK, [name])[0]:
            return
        _A_FEW_SECONDS.wait(attempt)
    raise FieldBusy(f"another run is working on {what}; wait for it or stop it")


def _unlock(store: Store, name: str) -> None:
    if not store.connection.closed:
        store.execute(UNLOCK, [name])


def fence(store: Store, field: str, epoch: int) -> Request | None:
    """Raise Superseded unless this epoch still owns the field; return what was asked for.

    Call it first in every transaction that writes rows: it holds the takeover off until commit.
    """
    row = store.one(FENCE, [field, epoch])
    if row is None:
        raise Superseded(f"another run took over field {field!r}; nothing more was written")
    return Request(row[0]) if row[0] else None


class Held(NamedTuple):
    """A field that a run is at work on, and what a person has asked of that run."""

    field: str
    run_id: UUID
    request: Request | None
    asked: datetime | None
    asked_by: str | None


def held(store: Store) -> list[Held]:
    """Return the fields that runs are at work on."""
    if not store.need(HAS_WISHES, [store.schema])[0]:
        return []
    return [
        Held(field, run_id, Request(wish) if wish else None, asked, by)
        for field, run_id, wish, asked, by in store.execute(HELD)
    ]


def request(store: Store, one: Held, wish: Request | None, by: str) -> bool:
    """Ask the run that holds a field to pause or stop, or withdraw that; say whether it still does.

    `by` is who asks.
    """
    values = {"wish": wish, "by": by if wish else None, "field": one.field, "run": one.run_id}
    return store.one(REQUEST, values) is not None


def asked(store: Store, epochs: Mapping[str, int]) -> Request | None:
    """Return what was asked of a run by any of its fields: to stop comes before to pause."""
    rows = store.execute(ASKED, [list(epochs)])
    wishes = {wish for field, epoch, wish in rows if wish and epochs.get(field) == epoch}
    return next((wish for wish in (Request.STOP, Request.PAUSE) if wish in wishes), None)


def cancel(store: Store, run_id: UUID) -> int:
    """Cancel whatever the sessions of a run are doing; return how many did anything."""
    return int(store.need(CANCEL, [str(run_id)])[0])
