"""Breadth first through every world that can be reached, and the shortest way to a wrong one."""

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.model.acts import Act, Step
from tests.model.application import application
from tests.model.faults import faults
from tests.model.invariants import INVARIANTS, Invariant, words
from tests.model.likeness import canonical, needed
from tests.model.protocol import Fence, Protocol
from tests.model.runner import runner
from tests.model.shred import shred
from tests.model.transaction import transaction
from tests.model.world import Row, Shape, World


@dataclass(frozen=True, slots=True)
class Violation:
    """A step after which an invariant does not hold, and the steps that lead to it."""

    invariant: Invariant
    trace: tuple[Step, ...]

    def __str__(self) -> str:
        steps = (f"{number:3}. {_told(step)}" for number, step in enumerate(self.trace, 1))
        return "\n".join([f"not true: {words(self.invariant)}", *steps])


@dataclass(slots=True)
class Exploration:
    """What was found: how many worlds, how often each act was taken, and what went wrong, if so."""

    worlds: int = 1
    acts: Counter[Act] = field(default_factory=Counter)
    violation: Violation | None = None

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return self.acts.total()


@dataclass(frozen=True, slots=True)
class Explorer:
    """Takes every step in every world; `thrifty`, not the steps that `likeness` says come to the
    same because of the fence."""

    protocol: Protocol
    thrifty: bool = True
    invariants: tuple[Invariant, ...] = INVARIANTS

    def explore(self, start: World) -> Exploration:
        """Go on until there is no new world, or an invariant does not hold."""
        found = Exploration()
        first = canonical(start)
        reached_from: dict[World, World | None] = {first: None}
        ahead = [first]
        with _nothing_collected():
            for world in ahead:
                for step in self.steps(world):
                    found.acts[step.act] += 1
                    after = canonical(step.after)
                    if broken := self._broken(step):
                        way = [*_way(world, reached_from), after]
                        trace = self._replayed(start, way, broken)
                        found.violation = Violation(broken, trace)
                        return found
                    if after not in reached_from:
                        reached_from[after] = world
                        ahead.append(after)
                        found.worlds += 1
        return found

    def _broken(self, step: Step) -> Invariant | None:
        for invariant in self.invariants:
            if not invariant(step):
                return invariant
        return None

    def steps(self, world: World) -> Iterator[Step]:
        """Yield every step that can be taken in a world."""
        every = self._every_step(world)
        return needed(every, self.protocol) if self._is_thrifty else every

    def _every_step(self, world: World) -> Iterator[Step]:
        yield from application(world, self.protocol)
        for number in range(len(world.runs)):
            yield from runner(world, self.protocol, number)
            yield from transaction(world, self.protocol, number)
            yield from shred(world, self.protocol, number)
            yield from faults(world, number)

    @property
    def _is_thrifty(self) -> bool:
        return self.thrifty and self.protocol.fence is Fence.HELD

    def _replayed(self, start: World, way: list[World], broken: Invariant) -> tuple[Step, ...]:
        """Take the way without renaming anything, so that a row has one name from end to end."""
        taken: list[Step] = []
        world = start
        for goal in way[1:]:
            there = [step for step in self.steps(world) if canonical(step.after) == goal]
            # Of several steps to the wrong world, one is wrong.
            step = min(there, key=broken) if goal is way[-1] else there[0]
            taken.append(step)
            world = step.after
        return tuple(taken)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Keep the collector from walking through all the worlds again and again; none can go."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _way(world: World, reached_from: dict[World, World | None]) -> list[World]:
    way: list[World] = []
    at: World | None = world
    while at is not None:
        way.append(at)
        at = reached_from[at]
    return way[::-1]


def _told(step: Step) -> str:
    rows = " and ".join(f"row {at + 1}" for at in step.rows) or "no row"
    undone = f"run {step.after.runs[step.run].undoes + 1}"
    told = step.act.format(run=f"run {step.run + 1}", undone=undone, rows=rows)
    changed = [
        f"row {number} holds {_shown(after)}"
        for number, (before, after) in enumerate(step.pairs, 1)
        if before.value != after.value
    ]
    return "; ".join([told, *changed])


def _shown(row: Row) -> str:
    secret = f"secret {row.value.secret}"
    return {
        Shape.EMPTY: "nothing",
        Shape.PLAIN: f"{secret} in plaintext",
        Shape.SEALED: f"{secret} sealed",
        Shape.BROKEN: f"an envelope that does not open, of {secret}",
    }[row.value.shape]
