"""Sweep one span: batch after batch, at a pace, until its end or until someone says stop."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from reseal.patience import Patience
from reseal.sweep.job import Job
from reseal.sweep.pace import Pace
from reseal.sweep.settle import Plan, settle
from reseal.sweep.span import Span
from reseal.sweep.tally import Tally


class SpanResult(NamedTuple):
    """What a span came to; `stopped` when its end was not reached because someone said stop."""

    tally: Tally
    stopped: bool


@dataclass(frozen=True, slots=True)
class Hands:
    """What the engine needs from outside: clock, sleep, and whether to stop."""

    stop: Callable[[], bool] = lambda: False
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def sweep(job: Job, make: Plan, span: Span, pace: Pace, hands: Hands) -> SpanResult:
    """Turn the rows of a span and return how it went."""
    tally, first = Tally(), span.first
    patience = Patience(sleep=hands.sleep)
    while first < span.after:
        pages = max(1, round(pace.rows / job.target.rows_per_page))
        batch = span.cut(first, min(span.after, first + pages))
        began = hands.clock()
        done = settle(job, make, batch, patience)
        seconds = hands.clock() - began
        tally, first = tally + done.tally, batch.after
        if (hands.stop() or done.request) and first < span.after:
            return SpanResult(tally, stopped=True)
        # Rows that only needed counting say nothing of how long writing takes.
        if done.tally.changed:
            pace = pace.after(seconds)
        hands.sleep(pace.rest_after(seconds))
    return SpanResult(tally, stopped=False)
