"""How large a pool should be: 60 to 70 % of it in use, and nobody waiting. No clock, no I/O.

It grows at once, by doubling at most, and shrinks after a calm only, to what would have served
every moment of that calm.
"""

from dataclasses import dataclass, replace
from math import ceil

# In use, of all: what is aimed at, and the band around it in which nothing is changed.
AIM, LOW, HIGH = 0.65, 0.60, 0.70
# Of what is in use now, so much counts; the rest is what counted before.
_WEIGHT = 0.3
# Left to others by a pool that grows: to the next look at what is free, and to a person.
SPARE = 2


@dataclass(frozen=True, slots=True)
class Scale:
    """Between which sizes a pool moves, and how long it must be calm before it shrinks."""

    least: int
    most: int
    calm_seconds: float

    def serving(self, load: float) -> int:
        """Return the size of which this load is what is aimed at."""
        return self.held(ceil(load / AIM))

    def held(self, size: int) -> int:
        """Return the size nearest to this one that is allowed."""
        return min(self.most, max(self.least, size))


@dataclass(frozen=True, slots=True)
class Observed:
    """What a look at a pool found.

    `used` is how many connections were in use on average since the look before, `peak` the most
    at once. `waiting` is how many callers wait now, `queued` how many had to since, `refused` how
    many connections the server would not give, `open` how many stand or are still being made.
    """

    at: float
    used: float
    peak: int
    open: int
    waiting: int = 0
    queued: int = 0
    refused: int = 0

    @property
    def is_short(self) -> bool:
        """Whether somebody had to wait."""
        return self.waiting > 0 or self.queued > 0


@dataclass(frozen=True, slots=True)
class State:
    """A pool's size and use, and since when it is calm, with the most that the calm has seen."""

    size: int
    used: float
    since: float
    highest: float = 0.0
    peak: int = 0

    @property
    def utilisation(self) -> float:
        """How much of the pool is in use, from 0 to 1."""
        return min(1.0, self.used / self.size)


def decide(scale: Scale, state: State, observed: Observed) -> State:
    """Return how large the pool should be now, if the server has room for it."""
    used = _WEIGHT * observed.used + (1 - _WEIGHT) * state.used
    now = replace(
        state,
        size=scale.held(state.size),
        used=used,
        highest=max(state.highest, used),
        peak=max(state.peak, observed.peak),
    )
    if observed.refused:
        # What the server refuses it would refuse again: what stands has to do.
        return _anew(now, observed, scale.held(min(now.size, observed.open)))
    if observed.is_short or used > HIGH * now.size:
        return _anew(now, observed, _grown(scale, now, observed))
    if observed.at - state.since < scale.calm_seconds:
        return now
    return _anew(now, observed, _shrunk(scale, now))


def granted(size: int, wanted: int, free: int) -> int:
    """Return what of a wish can be had where so many connections are free.

    It takes half of them at a time, so that pools of other databases find room as well.
    """
    return min(wanted, size + max(0, free - SPARE + 1) // 2)


def _grown(scale: Scale, now: State, observed: Observed) -> int:
    load = max(now.used, observed.used) + observed.waiting
    wanted = max(scale.serving(load), now.size + observed.is_short)
    return scale.held(max(now.size, min(wanted, 2 * now.size)))


def _shrunk(scale: Scale, now: State) -> int:
    if now.highest >= LOW * now.size:
        return now.size
    return min(now.size, max(scale.serving(now.highest), scale.held(now.peak)))


def _anew(now: State, observed: Observed, size: int) -> State:
    return State(size, now.used, observed.at, now.used, observed.peak)
