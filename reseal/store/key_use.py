"""How often each key version has opened and sealed: told by applications, counted by runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from reseal.store.store import Statement, Store
from reseal.usage import Used

# In the order of versions, so that two instances that tell at once do not wait for each other in
# a circle.
TELL = """
INSERT INTO {reseal}.key_use AS u
    (version, opens, seals, last_opened, last_opened_by, last_sealed, last_sealed_by)
SELECT %(version)s, %(opens)s, %(seals)s,
       CASE WHEN %(opens)s > 0 THEN clock_timestamp() END,
       CASE WHEN %(opens)s > 0 THEN %(instance)s END,
       CASE WHEN %(seals)s > 0 THEN clock_timestamp() END,
       CASE WHEN %(seals)s > 0 THEN %(instance)s END
ON CONFLICT (version) DO UPDATE SET
    opens = u.opens + excluded.opens, seals = u.seals + excluded.seals,
    last_opened = coalesce(excluded.last_opened, u.last_opened),
    last_opened_by = coalesce(excluded.last_opened_by, u.last_opened_by),
    last_sealed = coalesce(excluded.last_sealed, u.last_sealed),
    last_sealed_by = coalesce(excluded.last_sealed_by, u.last_sealed_by)
"""

OPENED = "SELECT last_opened, last_opened_by, opens FROM {reseal}.key_use WHERE version = %s"

SEALED = """
SELECT coalesce((SELECT sum(seals) FROM {reseal}.batch WHERE key_version = %(version)s), 0)
     + coalesce((SELECT seals FROM {reseal}.key_use WHERE version = %(version)s), 0)
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """When and by whom a key version last opened something, and how often in all."""

    last: datetime | None = None
    by: str | None = None
    opens: int = 0


def telling(instance: str, used: Mapping[int, Used]) -> list[Statement]:
    """Return what adds the use that an instance has made of each key version since it last told."""
    return [
        Statement(TELL, {"version": version, "opens": opens, "seals": seals, "instance": instance})
        for version, (opens, seals) in sorted(used.items())
    ]


def opened(store: Store, version: int) -> Opened:
    """Return what is known of opens under a key version."""
    return Opened(*(store.one(OPENED, [version]) or ()))


def counting_seals(version: int) -> Statement:
    """Return the statement that counts how often a key version has sealed, by runs and others."""
    return Statement(SEALED, {"version": version})


def sealed(store: Store, version: int) -> int:
    """Return how often a key version has sealed."""
    return int(store.run(counting_seals(version)).fetchall()[0][0])
