"""The last day in points, for the plot: the score, what a login took, how full pools were."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from reseal.report.series import MOST_POINTS, parts, stamp
from reseal.store import sample
from reseal.store.sample import Sample
from reseal.store.store import Store

A_DAY = timedelta(days=1)

Point = dict[str, Any]


class Trends(NamedTuple):
    """Points by what they show; `login` and `pool` have one line a field or an instance."""

    score: list[Point]
    login: list[Point]
    pool: list[Point]


def trends(store: Store) -> Trends | None:
    """Return the points of the last day; None where fewer than two looks were taken."""
    score = sample.since(store, "health.score", A_DAY)
    if len(score) < 2:
        return None
    return Trends(
        list(_points(score, min)),
        list(_points(sample.since(store, "health.login_ms", A_DAY), max)),
        list(_points(sample.since(store, "health.pool", A_DAY), max)),
    )


def _points(samples: Sequence[Sample], worst: Any) -> Iterator[Point]:
    """Yield the worst of neighbours, by who measured: what a plot hides nobody looks for."""
    for source in dict.fromkeys(one.source for one in samples):
        own = [one for one in samples if one.source == source]
        for part in parts(own, MOST_POINTS):
            value = worst(one.value for one in part)
            yield {"at": stamp(part[0].at), "field": source, "value": value}
