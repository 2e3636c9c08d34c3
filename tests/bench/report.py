"""The figures, as a person reads them and as JSON."""

import json
import os
import platform
from dataclasses import asdict
from statistics import median

from tests.bench.contenders import Measured

Round = list[Measured]
_BARE = "bare UPDATE"


def show_round(number: int, measured: Round) -> None:
    """Print one round: rows a second and the ratio to the bare UPDATE."""
    rates = _rates(measured)
    figures = "   ".join(
        f"{name} {rate:,.0f} rows/s ({rate / rates[_BARE]:.2f})" for name, rate in rates.items()
    )
    print(f"round {number + 1}: {figures}", flush=True)


def show(rounds: list[Round]) -> None:
    """Print the medians, and of the last round processor time, stages and memory."""
    print("\nmedian")
    for name, (rate, ratio) in _medians(rounds).items():
        print(f"  {name:15} {rate:>10,.0f} rows/s   ratio {ratio:.2f}")
    _show_processor(rounds[-1])
    last = next(one for one in rounds[-1] if one.memory)
    print("stages of `reseal encrypt`: " + _stages(last.stages))
    _show_memory(last)


def as_json(rows: int, rounds: list[Round]) -> str:
    """Return everything that was measured, with the machine it was measured on."""
    medians = {
        name: {"rows_per_second": rate, "ratio": ratio}
        for name, (rate, ratio) in _medians(rounds).items()
    }
    document = {
        "machine": {"system": platform.platform(), "cores": os.cpu_count()},
        "rows": rows,
        "median": medians,
        "rounds": [[asdict(one) for one in measured] for measured in rounds],
    }
    return json.dumps(document, indent=2, default=str) + "\n"


def _show_processor(measured: Round) -> None:
    for one in measured:
        if one.microseconds:
            client, server = one.microseconds
            print(f"  {one.contender:15} client {client:.1f}, server {server:.1f} us a row")


def _show_memory(last: Measured) -> None:
    memory = last.memory
    assert memory is not None
    print("resident MiB           main   workers")
    for share, look in memory.at.items():
        workers = " ".join(f"{rss:.0f}" for rss in look.workers)
        print(f"  {share:>4} of encrypt   {look.main:>8.0f}   {workers}")
    peaks = f"main {memory.peak_main:.0f}, worker {memory.peak_worker:.0f}"
    print(f"  peak of the run: {peaks}, together {memory.peak_together:.0f}")


def _rates(measured: Round) -> dict[str, float]:
    # The same order every round, whatever came first.
    order = sorted(measured, key=lambda one: one.contender != _BARE)
    return {one.contender: one.rows_per_second for one in order}


def _medians(rounds: list[Round]) -> dict[str, tuple[float, float]]:
    rates = [_rates(measured) for measured in rounds]
    return {
        name: (median(r[name] for r in rates), median(r[name] / r[_BARE] for r in rates))
        for name in rates[0]
    }


def _stages(stages: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in stages.items())
