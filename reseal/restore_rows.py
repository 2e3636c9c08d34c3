"""Read a span's rows beside what a run's backup has of them, and who has backed them up since."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from psycopg import sql

from reseal.backup.joins import later_join, original_join
from reseal.conditions import is_empty
from reseal.place import KeyPart
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.span import Span
from reseal.verify import READ

UNTOUCHED = """
SELECT count(*) FROM {heap} AS t {backup}
WHERE t.ctid >= %(first)s::tid AND t.ctid < %(after)s::tid AND ({where}) AND {empty}
  AND b.reseal_sealed IS NULL
"""

DISABLED = """
SELECT {texts} FROM {heap} AS t {backup}
WHERE t.ctid >= %(first)s::tid AND t.ctid < %(after)s::tid AND ({where}) AND {empty}
  AND b.reseal_sealed IS NOT NULL
"""

ALONE = "SET LOCAL max_parallel_workers_per_gather = 0"


class Row(NamedTuple):
    """A row as read: its version, text and original; `later` is the last run that backed it up."""

    version: str
    text: str
    sealed: bytes | None
    later: UUID | None
    key: tuple[KeyPart, ...]


class Reading(NamedTuple):
    """What one snapshot showed of a span; `disabled` are the keys of rows that had an original."""

    empty: int
    disabled: list[list[str]]
    rows: list[Row]


def read(store: Store, target: Target, run_id: UUID, later: Sequence[UUID], span: Span) -> Reading:
    """Read the rows of a span beside a run's backup; `later` are the runs since, newest first."""
    backup = original_join(store, target, run_id)
    parts = {
        "cell": target.cell,
        "key": target.key_values,
        "texts": target.key_texts,
        "heap": span.table(target),
        "where": target.where,
        "empty": is_empty(target),
    }
    original = sql.SQL("b.reseal_sealed, " + ("l.reseal_later" if later else "NULL::uuid"))
    since = sql.SQL(" ").join([backup, later_join(store, target, later)])
    with store.snapshot():
        store.execute(ALONE)
        empty = store.need(UNTOUCHED, span.bounds, backup=backup, **parts)
        disabled = [
            texts for (texts,) in store.execute(DISABLED, span.bounds, backup=backup, **parts)
        ]
        found = store.execute(
            READ, span.bounds, original=original, backup=since, **parts
        ).fetchall()
    rows = [
        Row(version, text, sealed, last, tuple(key)) for version, text, sealed, last, *key in found
    ]
    return Reading(empty[0], disabled, rows)
