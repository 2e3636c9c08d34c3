"""Sweep one span: batch after batch, at a pace, until its end or until someone says stop."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from reseal.decision import Decision
from reseal.patience import Patience
from reseal.store.control import Request
from reseal.sweep.glance import BATCHES, Glances
from reseal.sweep.job import Job
from reseal.sweep.pace import Pace
from reseal.sweep.settle import Plan, settle
from reseal.sweep.span import Span
from reseal.sweep.tally import Tally

_LOOKS_EVERY_SECONDS = 0.25
_MOST_MORE_SECONDS = 2.0


class SpanResult(NamedTuple):
    """What a span came to; `stopped` when its end was not reached because someone said stop."""

    tally: Tally
    stopped: bool
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class Hands:
    """What the engine needs from outside: clock, sleep, and whether to pause or stop.

    `share` is how much of its usual work a batch is, `told` is told of rows that were looked at;
    `reading_rest` is how many seconds to rest after a second of work that writes no secret.
    """

    stop: Callable[[], bool] = lambda: False
    pause: Callable[[], bool] = lambda: False
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    share: Callable[[], float] = lambda: 1.0
    told: Callable[[int], None] = lambda _rows: None
    reading_rest: float = 0.0

    @property
    def takes_turns(self) -> bool:
        """Whether nothing is to be done beside something else."""
        return self.reading_rest > 0

    def rest(self, pace: Pace, seconds: float) -> None:
        """Rest after so long a work, as much as the pace says and as the share asks for."""
        self._rest(pace.rest_after(seconds), seconds)

    def rest_from_reading(self, seconds: float) -> None:
        """Rest after so long a work that others wait less for."""
        self._rest(seconds * self.reading_rest, seconds)

    def _rest(self, usual: float, seconds: float) -> None:
        left = usual + min(_MOST_MORE_SECONDS, seconds * (1 / self.share() - 1))
        # A stop is heard in a long one, too.
        while not self.stop():
            self.sleep(min(left, _LOOKS_EVERY_SECONDS))
            left -= _LOOKS_EVERY_SECONDS
            if left <= 0:
                return

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Rest after the block, by how long it took; what it raises is not waited for."""
        began = self.clock()
        yield
        self.rest_from_reading(self.clock() - began)

    def wait(self) -> None:
        """Wait as long as a pause is wanted; a stop ends it. No transaction may be open."""
        while self.pause() and not self.stop():
            self.sleep(_LOOKS_EVERY_SECONDS)


# Nobody stops, pauses or slows down what works with these.
ALONE = Hands()


def sweep(
    job: Job, make: Plan, span: Span, pace: Pace, hands: Hands, glances: Glances | None = None
) -> SpanResult:
    """Turn the rows of a span and return how it went; `glances` spare the batches of idle parts."""
    tally, first = Tally(), span.first
    patience = Patience(sleep=hands.sleep)
    while first < span.after:
        share = hands.share()
        pages = max(1, round(pace.rows * share / job.target.rows_per_page))
        batch, stretch = (_from(span, first, pages * batches) for batches in (1, BATCHES))
        began = hands.clock()
        looked_over = glances.over(stretch) if glances else None
        done = looked_over or settle(job, make, batch, patience)
        seconds = hands.clock() - began
        tally, first = tally + done.tally, (stretch if looked_over else batch).after
        hands.told(done.tally.rows_read)
        # Rows that only needed counting say nothing of how long writing takes.
        if done.tally.changed:
            pace = _paced(job, pace, seconds / share)
        if glances:
            glances.learn(done.tally)
        hands.rest(pace, seconds)
        # After the rest, lest a batch begins that was asked to wait meanwhile.
        hands.wait()
        # Of a pause the runner tells, which also sees to it that it ends.
        if (hands.stop() or done.request is Request.STOP) and first < span.after:
            return SpanResult(tally, True, job.decided())
    return SpanResult(tally, False, job.decided())


def _paced(job: Job, pace: Pace, seconds: float) -> Pace:
    """Return the pace after a batch; that it became much slower is worth a note."""
    paced = pace.after(seconds)
    if paced.rows * 2 <= pace.rows:
        said = f"batches of {paced.rows:,} rows instead of {pace.rows:,}"
        job.decide(f"{said}, as the last took {seconds:.2f} s")
    return paced


def _from(span: Span, first: int, pages: int) -> Span:
    return span.cut(first, min(span.after, first + pages))
