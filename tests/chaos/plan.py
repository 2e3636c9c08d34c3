"""Which rounds a campaign has: all of it follows from the seed."""

from collections import Counter
from dataclasses import dataclass
from random import Random

from tests.chaos.faults import ROUNDS
from tests.chaos.faults.interface import Fault
from tests.chaos.round import Command


@dataclass(frozen=True)
class Planned:
    """A round that is to come: the `nth` one of its kind, and the dice that decide the rest."""

    number: int
    kind: str
    fault: Fault
    nth: int
    command: Command
    dice: Random


def plan(seed: int) -> list[Planned]:
    """Return the rounds of the whole campaign, those of every kind in any order."""
    kinds = [kind for kind, (_, rounds) in ROUNDS.items() for _ in range(rounds)]
    Random(seed).shuffle(kinds)
    earlier: Counter[str] = Counter()
    rounds = []
    for number, kind in enumerate(kinds, start=1):
        rounds.append(planned(seed, number, kind, earlier[kind]))
        earlier[kind] += 1
    return rounds


def planned(seed: int, number: int, kind: str, nth: int = 0) -> Planned:
    """Return one round; what others make of their time is nothing to it."""
    dice, fault = Random(f"{seed}/{number}/{kind}"), ROUNDS[kind][0]
    return Planned(number, kind, fault, nth, fault.command(nth, dice), dice)
