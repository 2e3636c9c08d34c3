"""Which plots a run has something to show in, each also in words for who cannot see it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reseal.report import series, words
from reseal.report.facts import Facts, Part, sealed
from reseal.report.series import Point, Progress

# More marks than these would stand on top of one another; the table has all of them.
MOST_MARKS = 40
_SHAPES = ("empty", "plain", "foreign", "unrecognised")
_PARTS = {"heap": "heap_bytes", "indexes": "index_bytes", "TOAST": "toast_bytes"}


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot in SVG; `says` is what it shows, in words, and `name` is the same in every run."""

    name: str
    title: str
    says: str
    svg: str


def figures(facts: Facts) -> tuple[Figure, ...]:
    """Draw every plot that the run has something to show in."""
    makers: tuple[Callable[[Facts], Figure | None], ...] = (
        _progress, _census, _latency, _plans, _storage,
    )  # fmt: skip
    return tuple(figure for make in makers if (figure := make(facts)))


def _progress(facts: Facts) -> Figure | None:
    points = series.progress(facts)
    if points is None:
        return None
    from reseal.report import plots

    title = "Rows written over time"
    return Figure("plot-progress", title, _said_of_progress(facts, points), plots.progress(points))


def _said_of_progress(facts: Facts, points: Progress) -> str:
    written = [batch for batch in facts.batches if batch.changed]
    first, last = written[0].written, written[-1].written
    sizes = [batch.rows_read for batch in written]
    rate = sum(batch.changed for batch in written) / (last - first).total_seconds()
    fastest = max(point["rate"] for point in points.rate)
    return (
        f"{words.counted(sum(batch.changed for batch in written), 'row')} in "
        f"{words.counted(len(written), 'batch', 'batches')} from {first:%H:%M:%S} to "
        f"{last:%H:%M:%S} UTC, {rate:,.0f} rows a second on average and {fastest:,.0f} at best; "
        f"a batch had {words.count(min(sizes))} to {words.counted(max(sizes), 'row')}."
    )


def _census(facts: Facts) -> Figure | None:
    points = [
        point
        for when in ("before", "after")
        for name, census in facts.census(when).items()
        for point in _census_points(name, when, census)
    ]
    if not points:
        return None
    from reseal.report import plots

    says = " ".join(_said_of_census(name, part) for name, part in facts.fields.items())
    return Figure("plot-census", "What the rows hold, before and after", says, plots.census(points))


def _census_points(name: str, when: str, census: Part) -> Iterator[Point]:
    versions = sorted((int(version), rows) for version, rows in census["sealed"].items())
    held = [(f"sealed, key {version}", rows) for version, rows in versions]
    shapes = [(shape, int(census.get(shape) or 0)) for shape in _SHAPES]
    for rank, (shape, rows) in enumerate([*shapes, *held]):
        if rows or shape == "empty":
            yield {"field": name, "when": when, "shape": shape, "value": rows, "rank": rank}


def _said_of_census(name: str, part: Part) -> str:
    said = [
        f"{words.count(sealed(census))} sealed and {words.count(census['plain'])} in plaintext "
        f"{when}"
        for when in ("before", "after")
        if (census := part.get(when))
    ]
    return f"{name}: {words.listed(said)}." if said else f"{name}: not counted."


def _latency(facts: Facts) -> Figure | None:
    times, lags = series.latency(facts), series.lag(facts)
    if len(times) + len(lags) < 2:
        return None
    from reseal.report import plots

    marks = [
        {"at": series.stamp(decision.at), "number": str(number)}
        for number, decision in enumerate(facts.decisions[:MOST_MARKS], start=1)
    ]
    title = "Logins and replication while the run worked"
    return Figure("plot-latency", title, _said_of_samples(facts), plots.latency(times, lags, marks))


def _said_of_samples(facts: Facts) -> str:
    times = sorted(one.login_ms for one in facts.samples if one.login_ms is not None)
    lags = [one.lag_bytes for one in facts.samples if one.lag_bytes is not None]
    said = []
    if times:
        said.append(
            f"{words.counted(len(times), 'login query', 'login queries')} took "
            f"{words.milliseconds(times[len(times) // 2])} at the median and "
            f"{words.milliseconds(times[-1])} at most"
        )
    said.append(f"a standby was {words.size(max(lags))} behind at most" if lags else "no standby")
    if facts.decisions:
        said.append("the dashed lines are the decisions of the pacing, numbered as in its table")
    return "; ".join(said) + "."


def _plans(facts: Facts) -> Figure | None:
    timed = {
        name: done
        for name, done in facts.part("optimise").items()
        if done.get("before") and done.get("after")
    }
    if not timed:
        return None
    from reseal.report import plots

    points = [
        _plan_point(name, when, float(done[when]["milliseconds"]))
        for name, done in timed.items()
        for when in ("before", "after")
    ]
    says = " ".join(_said_of_plan(name, done) for name, done in timed.items())
    return Figure("plot-plans", "The login query, before and after", says, plots.plans(points))


def _plan_point(name: str, when: str, ms: float) -> Point:
    return {"field": name, "when": when, "value": ms, "text": words.milliseconds(ms)}


def _said_of_plan(name: str, done: Part) -> str:
    before, after = (words.milliseconds(done[when]["milliseconds"]) for when in ("before", "after"))
    kept = f"the index {done['index']} was kept" if done["kept"] else "no index was kept"
    return f"{name}: {before} before and {after} after; {kept}."


def _storage(facts: Facts) -> Figure | None:
    measured = {
        name: parts
        for name, parts in facts.part("storage").items()
        if all((parts.get(when) or {}).get("rows") for when in ("before", "after"))
    }
    if not measured:
        return None
    from reseal.report import plots

    points = [
        {
            "field": name,
            "when": when,
            "shape": shape,
            "value": a_row(parts[when], key),
            "rank": rank,
        }
        for name, parts in measured.items()
        for when in ("before", "after")
        for rank, (shape, key) in enumerate(_PARTS.items())
    ]
    says = " ".join(_said_of_storage(name, parts) for name, parts in measured.items())
    return Figure("plot-storage", "Storage of a row, before and after", says, plots.storage(points))


def a_row(measured: Part, *keys: str) -> float:
    """Return how many bytes a row takes in some parts of its table."""
    rows = int(measured.get("rows") or 0)
    return round(sum(measured.get(key) or 0 for key in keys) / rows, 1) if rows else 0.0


def _said_of_storage(name: str, parts: Part) -> str:
    before, after = (a_row(parts[when], *_PARTS.values()) for when in ("before", "after"))
    return f"{name}: {before:,.0f} bytes a row before and {after:,.0f} after, indexes included."
