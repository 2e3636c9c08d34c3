"""Everything that a run measured, as the one document that tables and plots are made from."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from statistics import median
from typing import Any

from tests.bench.lines import BARE, LINES
from tests.bench.measured import Measured

Figures = dict[str, Any]
Round = dict[str, Measured]


def of_rounds(rounds: list[Round], missing: dict[str, str]) -> dict[str, Any]:
    """Return each line's figures by round, and their medians."""
    judged = [_judged(measured) for measured in rounds]
    names = [name for name in LINES if any(name in one for one in judged)]
    return {
        "lines": {name: asdict(LINES[name]) for name in [*names, *missing]},
        "missing": missing,
        "median": {name: _median([one[name] for one in judged if name in one]) for name in names},
        "rounds": judged,
    }


def times_as_fast(document: dict[str, Any], one: str, other: str) -> float | None:
    """Return how many times the rate of another line a line has, as the median of the rounds."""
    ratios = [
        figures[one]["rows_per_second"] / figures[other]["rows_per_second"]
        for figures in document["rounds"]
        if one in figures and other in figures
    ]
    return median(ratios) if ratios else None


def _judged(measured: Round) -> dict[str, Figures]:
    return {name: _figures(one, measured) for name, one in measured.items()}


def _figures(one: Measured, measured: Round) -> Figures:
    pair = measured.get(LINES[one.line].pair, measured[BARE])
    return {
        "rows": one.rows,
        "seconds": one.spent.seconds,
        "rows_per_second": one.rows_per_second,
        "ratio": one.rows_per_second / measured[BARE].rows_per_second,
        "pair_ratio": one.rows_per_second / pair.rows_per_second,
        "client_microseconds": one.spent.client / one.rows * 1e6,
        "server_microseconds": one.spent.server / one.rows * 1e6,
        "wal_bytes": one.spent.wal / one.rows,
        "memory": one.memory and asdict(one.memory),
        "stages": one.stages,
    }


def _median(figures: list[Figures]) -> Figures:
    combined: Figures = _combined(figures, median)
    ratios = [each["ratio"] for each in figures]
    return combined | {"ratio_least": min(ratios), "ratio_most": max(ratios)}


def _combined(values: list[Any], how: Callable[[Iterable[float]], float]) -> Any:
    """Combine numbers, and the numbers in dictionaries that are alike."""
    first = values[0]
    if isinstance(first, dict):
        return {key: _combined([value[key] for value in values], how) for key in first}
    return None if first is None else how(values)
