"""What keeps an adaptive pool at its size, in good health, and known: a few looks a second.

A look at the pool itself costs nothing; the server is asked only by a pool that wants to grow.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from reseal.errors import StoreError
from reseal.pool.meter import Count
from reseal.pool.reading import Reading, samples
from reseal.pool.room import turn_to_grow
from reseal.pool.scaling import Observed, Scale, State, decide, granted

_log = logging.getLogger("reseal.pool")

# No other pool grows for so long; connections that take longer are seen by the next look.
_SECONDS_TO_OPEN = 2.0
_SECONDS_BETWEEN_PEEPS = 0.01
_SECONDS_BETWEEN_REFUSALS = 2.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often an adaptive pool is looked at, checked and told of; all in seconds.

    `calm` is how long it must be calm before it gives connections back.
    """

    look: float = 0.25
    calm: float = 6.0
    health: float = 10.0
    sample: float = 60.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What the pool itself counts: now, and since it was opened."""

    open: int
    idle: int
    waiting: int
    queued: int
    refused: int
    lost: int


class Governed(Protocol):
    """What is kept at its size."""

    url: str

    def figures(self) -> Figures:
        """Return what the pool counts."""

    def count(self) -> Count:
        """Return what its callers were given."""

    def peak(self) -> int:
        """Return the most that were in use at once since this was asked last."""

    def set_size(self, size: int) -> None:
        """Make it so large."""

    def renew(self) -> None:
        """Replace what does not answer, and open what is missing."""

    def is_sound(self) -> bool:
        """Try every idle connection."""

    def tell(self, values: dict[str, float]) -> None:
        """Keep what was measured."""


class Governor:
    """Decide how large a pool is; one thread calls `look`."""

    def __init__(
        self,
        scale: Scale,
        size: int,
        rhythm: Rhythm,
        clock: Callable[[], float],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.scale = scale
        self.state = State(size, 0.0, clock())
        self.grown = self.shrunk = 0
        self.is_healthy = True
        self._rhythm, self._clock, self._sleep = rhythm, clock, sleep
        self._counted = Count(clock(), 0, 0.0, 0.0, (), 0)
        self._figures = Figures(size, 0, 0, 0, 0, 0)
        self._lost = 0
        self._checked = self._told = clock()
        self._kept: Reading | None = None
        self._peak = 0
        self._said: str | None = None
        self._asks_again = clock()

    def look(self, pool: Governed) -> None:
        """Look once, and do what is due."""
        if self._kept is None:
            # Who came before all connections stood had to wait, however many they will be.
            self._forget_the_queue(pool)
        observed = self._observed(pool)
        self._follow(pool, decide(self.scale, self.state, observed))
        self._mend(pool)
        self._tell(pool, observed)

    def reading(self, pool: Governed) -> Reading:
        """Return what the pool looks like now."""
        figures = pool.figures()
        return Reading(
            size=self.state.size, least=self.scale.least, most=self.scale.most,
            open=figures.open, waiting=figures.waiting, utilisation=self.state.utilisation,
            count=pool.count(), refused=figures.refused, lost=figures.lost,
            grown=self.grown, shrunk=self.shrunk, is_healthy=self.is_healthy,
        )  # fmt: skip

    def _observed(self, pool: Governed) -> Observed:
        before, count = self._counted, pool.count()
        was, figures = self._figures, pool.figures()
        self._counted, self._figures = count, figures
        seconds = count.at - before.at
        return Observed(
            at=count.at,
            used=(count.held - before.held) / seconds if seconds > 0 else float(count.used),
            peak=pool.peak(),
            waiting=figures.waiting,
            queued=figures.queued - was.queued,
            refused=figures.refused - was.refused,
            open=figures.open,
        )

    def _follow(self, pool: Governed, wanted: State) -> None:
        size = self.state.size
        if wanted.size > size:
            self.state = replace(wanted, size=self._grow(pool, size, wanted.size))
            return
        self.state = wanted
        if wanted.size < size:
            self.shrunk += 1
            _log.info("the pool shrinks from %d to %d connections", size, wanted.size)
            pool.set_size(wanted.size)

    def _grow(self, pool: Governed, size: int, wanted: int) -> int:
        given = size
        if self._clock() < self._asks_again:
            return given
        try:
            with turn_to_grow(pool.url) as limits:
                if limits is None:
                    return given
                tightest = min(limits, key=lambda limit: limit.free)
                given = granted(size, wanted, tightest.free)
                self._say("the pool cannot grow as it should", tightest, is_so=given < wanted)
                if given > size:
                    self._open(pool, size, given)
        except StoreError as error:
            # What is not known to be free is not taken.
            self._say("the pool cannot see whether it may grow", error)
        if given == size:
            # To ask takes a connection, too, and nothing is free.
            self._asks_again = self._clock() + _SECONDS_BETWEEN_REFUSALS
        return given

    def _open(self, pool: Governed, size: int, given: int) -> None:
        self.grown += 1
        _log.info("the pool grows from %d to %d connections", size, given)
        pool.set_size(given)
        until = self._clock() + _SECONDS_TO_OPEN
        while pool.figures().idle + pool.count().used < given and self._clock() < until:
            self._sleep(_SECONDS_BETWEEN_PEEPS)
        self._forget_the_queue(pool)

    def _say(self, said: str, why: object, *, is_so: bool = True) -> None:
        if is_so and self._said != said:
            _log.warning("%s: %s", said, why)
        self._said = said if is_so else None

    def _mend(self, pool: Governed) -> None:
        figures = pool.figures()
        if figures.lost > self._lost or figures.open < self.state.size:
            # A connection that broke is seldom the only one.
            pool.renew()
            self._forget_the_queue(pool)
            self._lost = figures.lost
        if self._clock() - self._checked >= self._rhythm.health:
            self.is_healthy = pool.is_sound()
            self._checked = self._clock()
            self._forget_the_queue(pool)

    def _forget_the_queue(self, pool: Governed) -> None:
        # Who waited for what was done just now is no reason to do more.
        self._figures = pool.figures()

    def _tell(self, pool: Governed, observed: Observed) -> None:
        self._peak = max(self._peak, observed.peak)
        now = self.reading(pool)
        if self._kept is None:
            self._kept = now
        elif observed.at - self._told >= self._rhythm.sample:
            pool.tell(samples(self._kept, now, self._peak))
            self._kept, self._told, self._peak = now, observed.at, 0
