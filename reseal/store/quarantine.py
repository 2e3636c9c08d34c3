"""The quarantine's statements: which rows are set aside and why, and who has accepted that."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import sql

from reseal.quarantine.trouble import UNREADABLE, SetAside, Trouble
from reseal.store.store import Store

Key = tuple[str, ...]

# An acceptance is of one kind of trouble: of another nobody has decided anything yet.
SET_ASIDE = """
INSERT INTO {reseal}.quarantine AS q (run_id, field, row_key, class, reason)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (field, row_key) DO UPDATE
SET run_id = excluded.run_id, class = excluded.class, reason = excluded.reason,
    seen = clock_timestamp(),
    accepted = CASE WHEN q.class = excluded.class THEN q.accepted END,
    accepted_by = CASE WHEN q.class = excluded.class THEN q.accepted_by END,
    note = CASE WHEN q.class = excluded.class THEN q.note END
"""

NOW = "SELECT clock_timestamp()"

FORGET_UNMET = """
DELETE FROM {reseal}.quarantine
WHERE field = %(field)s AND seen < %(since)s AND (%(run)s::uuid IS NULL OR run_id = %(run)s)
"""

FORGET = "DELETE FROM {reseal}.quarantine WHERE field = %s AND row_key = %s"

LISTED = """
SELECT row_key, class, reason, accepted IS NOT NULL FROM {reseal}.quarantine
WHERE run_id = %s AND field = %s ORDER BY accepted IS NOT NULL, seen, row_key LIMIT 1000
"""

COUNTED = """
SELECT count(*) FILTER (WHERE accepted IS NULL), count(*) FILTER (WHERE accepted IS NOT NULL)
FROM {reseal}.quarantine
WHERE field = %(field)s AND (%(run)s::uuid IS NULL OR run_id = %(run)s)
"""

OF_CLASSES = """
SELECT count(*) FROM {reseal}.quarantine
WHERE field = %(field)s AND class = ANY(%(classes)s)
  AND (%(run)s::uuid IS NULL OR run_id = %(run)s)
"""

COMMONEST = """
SELECT reason FROM {reseal}.quarantine WHERE run_id = %s AND field = %s AND accepted IS NULL
GROUP BY reason ORDER BY count(*) DESC, reason LIMIT 1
"""

ACCEPTED = """
SELECT row_key, class FROM {reseal}.quarantine
WHERE field = %(field)s AND accepted IS NOT NULL AND (%(run)s::uuid IS NULL OR run_id = %(run)s)
"""

ALL = """
SELECT row_key, class, reason, since, seen, run_id, accepted, accepted_by, note
FROM {reseal}.quarantine WHERE field = %s ORDER BY since, row_key
"""

ACCEPT = """
UPDATE {reseal}.quarantine SET accepted = clock_timestamp(), accepted_by = %s, note = %s
WHERE field = %s AND row_key = %s AND class = %s
"""


class Counts(NamedTuple):
    """How many rows are set aside, and how many more that were accepted as they are."""

    aside: int
    accepted: int


class Record(NamedTuple):
    """A quarantined row: since when without a break, and when and by which run it was last met."""

    row_key: list[str]
    trouble: Trouble
    reason: str
    since: datetime
    seen: datetime
    run_id: UUID
    accepted: datetime | None
    accepted_by: str | None
    note: str | None

    @property
    def key(self) -> Key:
        """The row key, to look up by."""
        return tuple(self.row_key)


def set_aside(store: Store, run_id: UUID, field: str, rows: Iterable[SetAside]) -> None:
    """Record rows by key, class and reason; an acceptance stands while the class is the same."""
    values = [(run_id, field, *row) for row in rows]
    if values:
        statement = sql.SQL(SET_ASIDE).format(reseal=sql.Identifier(store.schema))
        store.connection.cursor().executemany(statement, values)


def now(store: Store) -> datetime:
    """Return the time by the server's clock, by which rows are met."""
    moment: datetime = store.need(NOW)[0]
    return moment


def forget_unmet(store: Store, field: str, since: datetime, run_id: UUID | None = None) -> None:
    """Forget rows that were last met before a time, by one run or by any."""
    store.execute(FORGET_UNMET, {"field": field, "since": since, "run": run_id})


def forget(store: Store, field: str, keys: Iterable[Key]) -> None:
    """Forget rows that are in no trouble any more."""
    for key in keys:
        store.execute(FORGET, [field, list(key)])


def listed(store: Store, run_id: UUID, field: str) -> list[dict[str, object]]:
    """Return the rows that a run met, at most 1000, those first that nobody accepted."""
    names = ("key", "class", "reason", "accepted")
    rows = store.execute(LISTED, [run_id, field])
    return [dict(zip(names, row, strict=True)) for row in rows]


def counted(store: Store, field: str, run_id: UUID | None = None) -> Counts:
    """Count the rows of a field that a run met, or any run."""
    return Counts(*store.need(COUNTED, {"field": field, "run": run_id}))


def unreadable_rows(store: Store, field: str, run_id: UUID | None = None) -> int:
    """Return how many rows are set aside because what is sealed in them does not open."""
    return _of_classes(store, field, run_id, UNREADABLE)


def _of_classes(store: Store, field: str, run_id: UUID | None, classes: Iterable[Trouble]) -> int:
    values = {"field": field, "run": run_id, "classes": [str(one) for one in classes]}
    return int(store.need(OF_CLASSES, values)[0])


def commonest_reason(store: Store, run_id: UUID, field: str) -> str | None:
    """Return the reason that most of the rows have which a run set aside."""
    row = store.one(COMMONEST, [run_id, field])
    return row[0] if row else None


def accepted(store: Store, field: str, run_id: UUID | None = None) -> dict[Key, Trouble]:
    """Return by key the trouble that rows were accepted with, of those a run met or of all."""
    rows = store.execute(ACCEPTED, {"field": field, "run": run_id})
    return {tuple(row_key): Trouble(trouble) for row_key, trouble in rows}


def records(store: Store, field: str) -> list[Record]:
    """Return every quarantined row of a field, the oldest trouble first."""
    rows = store.execute(ALL, [field])
    return [Record(row[0], Trouble(row[1]), *row[2:]) for row in rows]


def accept(
    store: Store, field: str, rows: Iterable[Record], approved_by: str, note: str | None
) -> int:
    """Record that rows are left as they are; return of how many, as one can have changed."""
    values: list[list[Any]] = [[approved_by, note, field, row.row_key, row.trouble] for row in rows]
    return sum(store.execute(ACCEPT, each).rowcount for each in values)
