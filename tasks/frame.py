"""The frame that suites are checked on: facts of rows and measures, and no secret column."""

from collections.abc import Iterable

import pandas as pd

from expectations.check import COLUMNS
from reseal.census import Census
from reseal.judge import Fact, Facts, Verdict
from reseal.measure import Measure
from reseal.shape import Shape

_NEUTRAL = {
    "shape": "", "verdict": "", "iv_bytes": 0, "tag_bytes": 0, "accepted": False,
    "backed_up": False,
}  # fmt: skip


def facts_frame(field: str, facts: Facts, measures: Iterable[Measure]) -> pd.DataFrame:
    """Return the facts of a field as Great Expectations looks at them."""
    rows = [_of_rows(fact, count) for fact, count in sorted(facts.items())]
    rows += [_of_measure(measure) for measure in measures]
    return pd.DataFrame([{"field": field, **row} for row in rows], columns=list(COLUMNS))


def facts_of(census: Census) -> Facts:
    """Return what a census says of a field, of which nothing was opened yet."""
    counts = {shape: getattr(census, shape) for shape in Shape if shape is not Shape.SEALED}
    facts = {Fact(shape, Verdict.NO_ENVELOPE): rows for shape, rows in counts.items()}
    facts |= {
        Fact(Shape.SEALED, Verdict.NOT_OPENED, version): rows
        for version, rows in census.sealed.items()
    }
    return +Facts(facts)


def _of_rows(fact: Fact, count: int) -> dict[str, object]:
    told = {**fact._asdict(), "shape": fact.shape.value, "verdict": fact.verdict.value}
    return {"measure": "rows", "of": "", "count": count, **told}


def _of_measure(measure: Measure) -> dict[str, object]:
    told = {"measure": measure.what.value, "of": measure.of, "count": measure.amount}
    return {**told, "key_version": measure.key_version, **_NEUTRAL}
