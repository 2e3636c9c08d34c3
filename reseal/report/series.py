"""The points that plots are made of: thousands of batches and samples, a few hundred points."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import accumulate
from statistics import fmean, median
from typing import Any, NamedTuple, TypeVar

from reseal.report.facts import Batch, Facts, Sample

MOST_POINTS = 300
# A bar of the rate is as wide as some batches, or it shows how long one batch took.
_BATCHES_A_BAR = 4
_MOST_BARS = 120

Point = dict[str, Any]
Item = TypeVar("Item")


class Progress(NamedTuple):
    """Rows written over time: in all, a second, and a batch."""

    total: list[Point]
    rate: list[Point]
    size: list[Point]


def progress(facts: Facts) -> Progress | None:
    """Return the points of the rows over time; None where fewer than two batches wrote any."""
    written = [batch for batch in facts.batches if batch.changed]
    if len(written) < 2 or written[0].written == written[-1].written:
        return None
    fields = list(dict.fromkeys(batch.field for batch in written))
    most = max(2, MOST_POINTS // len(fields))
    made = Progress([], [], [])
    for field in fields:
        batches = [batch for batch in written if batch.field == field]
        made.total.extend(_total(field, batches, most))
        made.size.extend(_sizes(field, batches, most))
    made.rate.extend(_rate(written))
    return made


def latency(facts: Facts) -> list[Point]:
    """Return what a login took during the run, in milliseconds: usually, and at most."""
    found = [sample for sample in facts.samples if sample.login_ms is not None]
    return [
        {"at": stamp(part[0].at), "usual": median(times), "highest": max(times)}
        for part in parts(found, MOST_POINTS)
        if (times := [sample.login_ms for sample in part if sample.login_ms is not None])
    ]


def lag(facts: Facts) -> list[Point]:
    """Return how far a standby was behind during the run, in bytes, at most."""
    found = [sample for sample in facts.samples if sample.lag_bytes is not None]
    return [{"at": stamp(part[0].at), "lag": _most(part)} for part in parts(found, MOST_POINTS)]


def parts(items: Sequence[Item], most: int) -> Iterator[Sequence[Item]]:
    """Cut a sequence into at most so many parts of neighbours."""
    length = max(1, -(-len(items) // most))
    for first in range(0, len(items), length):
        yield items[first : first + length]


def stamp(at: datetime) -> int:
    """Return a time as plots take it: milliseconds since 1970."""
    return round(at.timestamp() * 1000)


def _total(field: str, batches: Sequence[Batch], most: int) -> Iterator[Point]:
    totals = list(accumulate(batch.changed for batch in batches))
    for part in parts(list(zip(batches, totals, strict=True)), most):
        last, rows = part[-1]
        yield {"field": field, "at": stamp(last.written), "rows": rows}


def _sizes(field: str, batches: Sequence[Batch], most: int) -> Iterator[Point]:
    for part in parts(batches, most):
        rows = fmean(batch.rows_read for batch in part)
        yield {"field": field, "at": stamp(part[-1].written), "rows": round(rows)}


def _rate(batches: Sequence[Batch]) -> Iterator[Point]:
    first, last = batches[0].written, batches[-1].written
    bars = min(_MOST_BARS, max(1, len(batches) // _BATCHES_A_BAR))
    wide = (last - first).total_seconds() / bars
    rows: dict[tuple[int, str], int] = {}
    for batch in batches:
        bar = min(bars - 1, int((batch.written - first).total_seconds() / wide))
        rows[bar, batch.field] = rows.get((bar, batch.field), 0) + batch.changed
    begin = first.timestamp()
    for (bar, field), changed in sorted(rows.items()):
        start, end = (round(1000 * (begin + wide * (bar + edge))) for edge in (0, 1))
        yield {"field": field, "at": start, "end": end, "rate": changed / wide}


def _most(samples: Iterable[Sample]) -> float:
    return max(sample.lag_bytes or 0.0 for sample in samples)
