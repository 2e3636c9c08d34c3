"""What was measured over time: a number by its name, who measured it, and when."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from reseal.store import schema
from reseal.store.store import Statement, Store

ADD = """
INSERT INTO {reseal}.sample (source, name, value)
SELECT %s, name, value FROM unnest(%s::text[], %s::float8[]) AS s (name, value)
"""

SINCE = """
SELECT at, source, value FROM {reseal}.sample
WHERE name = %s AND at > clock_timestamp() - %s ORDER BY at
"""


PRUNE = "DELETE FROM {reseal}.sample WHERE at < clock_timestamp() - %s"


class Sample(NamedTuple):
    """One measurement."""

    at: datetime
    source: str
    value: float


def exists(store: Store) -> bool:
    """Say whether there is a table for them."""
    return schema.has_table(store, "sample")


def adding(source: str, values: Mapping[str, float]) -> Statement:
    """Return the statement that adds measurements of one moment; `source` is who measured."""
    return Statement(ADD, [source, list(values), list(map(float, values.values()))])


def since(store: Store, name: str, period: timedelta) -> list[Sample]:
    """Return what was measured under a name in the last period, the earliest first."""
    return [Sample(*row) for row in store.execute(SINCE, [name, period])]


def prune(store: Store, kept: timedelta) -> int:
    """Forget what is older and return how many measurements that were."""
    return store.execute(PRUNE, [kept]).rowcount
