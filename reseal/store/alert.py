"""How each alert stands: one row a kind and what it is about."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from reseal.store import schema
from reseal.store.store import Store

# Two that watch one database follow one after the other, or both would raise.
LOCK = "LOCK TABLE {reseal}.alert IN SHARE ROW EXCLUSIVE MODE"

ALL = """
SELECT name, subject, is_raised, looks, value, sentence, since, cleared FROM {reseal}.alert
ORDER BY name, subject
"""

PUT = """
INSERT INTO {reseal}.alert AS a
    (name, subject, is_raised, looks, value, sentence, since)
VALUES (%(name)s, %(subject)s, %(is_raised)s, %(looks)s, %(value)s, %(sentence)s,
        CASE WHEN %(is_raised)s THEN clock_timestamp() END)
ON CONFLICT (name, subject) DO UPDATE SET
    since = CASE WHEN excluded.is_raised AND NOT a.is_raised THEN excluded.since ELSE a.since END,
    cleared = CASE WHEN a.is_raised AND NOT excluded.is_raised THEN clock_timestamp()
                   WHEN excluded.is_raised THEN NULL ELSE a.cleared END,
    is_raised = excluded.is_raised, looks = excluded.looks, value = excluded.value,
    sentence = excluded.sentence, seen = clock_timestamp()
RETURNING since
"""

# What was never raised and speaks for nothing is not worth a row.
FORGET = """
DELETE FROM {reseal}.alert
WHERE NOT is_raised AND looks = 0
  AND (since IS NULL OR cleared < clock_timestamp() - interval '30 days')
"""


class Row(NamedTuple):
    """An alert as it stands, or what may soon be one."""

    name: str
    subject: str
    is_raised: bool
    looks: int
    value: float
    sentence: str
    since: datetime | None
    cleared: datetime | None

    def as_dict(self) -> dict[str, Any]:
        """Return it as the command line prints it."""
        return self._asdict()


def lock(store: Store) -> None:
    """Keep others from following alerts until the transaction ends."""
    store.execute(LOCK)


def rows(store: Store) -> list[Row]:
    """Return every alert that is raised, was, or is suspected."""
    return [Row(*row) for row in store.execute(ALL)]


def put(store: Store, changed: Iterable[dict[str, Any]]) -> list[datetime | None]:
    """Write how alerts stand now; return of each when it was raised last."""
    return [store.need(PUT, values)[0] for values in changed]


def forget(store: Store) -> None:
    """Forget those that speak for nothing any more."""
    store.execute(FORGET)


def exists(store: Store) -> bool:
    """Say whether the database has room for alerts already."""
    return schema.has_table(store, "alert")
