"""A data key that others know: whose secrets it opened, and what resealing does not cure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from reseal.key_census import holds
from reseal.key_policy import KeyPolicy
from reseal.store.catalog import Target
from reseal.store.store import Store

UNDER = "SELECT {texts} FROM {table} AS t WHERE {holds}"

NEWER = """
SELECT version FROM {reseal}.data_key
WHERE version > %s AND activated IS NOT NULL AND state <> 'destroyed' ORDER BY version
"""

_ROWS_AT_ONCE = 5000

UNDER_IT = "is sealed under it"
WAS_UNDER_IT = "may have been sealed under it before a later rotation"


@dataclass(frozen=True, slots=True)
class Exposed:
    """A row whose secret the key opens, or may have opened; its user must enrol anew."""

    key: list[str]
    why: str


def exposed(store: Store, target: Target, version: int) -> Iterator[Exposed]:
    """Yield the rows of a field that are to enrol anew, those that are sure first.

    What is under a later key may be the same secret, carried over by a rotation: only a new
    enrolment tells, and nothing in the table does.
    """
    yield from _under(store, target, [version], UNDER_IT)
    newer = [number for (number,) in store.execute(NEWER, [version])]
    if newer:
        yield from _under(store, target, newer, WAS_UNDER_IT)


def _under(store: Store, target: Target, versions: list[int], why: str) -> Iterator[Exposed]:
    held = sql.SQL(" OR ").join(holds(target, version) for version in versions)
    parts = {"texts": target.key_texts, "table": target.table, "holds": held}
    with store.transaction():
        for (key,) in store.stream(UNDER, _ROWS_AT_ONCE, **parts):
            yield Exposed(key, why)


def not_cured(version: int, policy: KeyPolicy) -> list[dict[str, Any]]:
    """Return what stays readable to whoever has the key, and what helps."""
    kept = policy.base_backups_kept_days
    until = "not declared: base_backups_kept_days" if kept is None else f"{kept} days from now"
    envelopes = f"envelopes under key {version}"
    return [
        {
            "what": f"dead row versions in the table with {envelopes}",
            "until": "they are vacuumed and written over",
            "remedy": "VACUUM, and VACUUM FULL or a second rewrite where the disk may be read",
        },
        {
            "what": f"the write-ahead log, its archive, replicas and slots with {envelopes}",
            "until": "the segments are removed",
            "remedy": "switch and remove segments, look after inactive slots and the archive",
        },
        {
            "what": f"base backups, dumps and snapshots of the database with {envelopes}",
            "until": until,
            "remedy": "delete those that are not needed; the key opens the others for ever",
        },
        {
            "what": f"copies that others took of {envelopes}",
            "until": "for ever",
            "remedy": "let the users enrol anew; only a new secret makes an old copy worthless",
        },
        {
            "what": "envelopes that were kept aside and are no longer in use, in reseal.aside",
            "until": "they are removed",
            "remedy": "delete rows whose mark is in no column",
        },
        {
            "what": "the secrets themselves, where the key and an envelope were in the same hands",
            "until": "the user enrols anew",
            "remedy": "see the list of users to re-enrol",
        },
    ]
