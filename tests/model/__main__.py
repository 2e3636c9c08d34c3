"""Explore the model: `python -m tests.model [--writes N] [--faults N] [--every-step] [--mutants]`.

By default all that the suite has no time for: every step of the smaller worlds, and larger worlds.
"""

import argparse
import sys
import time

from tests.model.explorer import Exploration, Explorer
from tests.model.mutants import MUTANTS
from tests.model.protocol import Protocol
from tests.model.world import beginning

# Writes of applications, broken envelopes, and whether every step is taken.
_LARGE = ((1, 1, True), (2, 1, False), (3, 0, False))


def main() -> int:
    """Explore and print how many worlds there were; exit 1 where an invariant does not hold."""
    given = _parser().parse_args()
    if given.mutants:
        return _show_mutants()
    worlds: tuple[tuple[int, int, bool], ...] = _LARGE
    if given.writes is not None:
        worlds = ((given.writes, given.faults, given.every_step),)
    return max(_explore(*world) for world in worlds)


def _explore(writes: int, faults: int, every_step: bool) -> int:
    began = time.monotonic()
    found = Explorer(Protocol(), thrifty=not every_step).explore(beginning(2, 2, writes, faults))
    how = "every step" if every_step else "the steps that lead elsewhere"
    print(f"2 rows, 2 runs, {writes} writes, {faults} broken envelopes, {how}:")
    print(f"  {found.worlds:,} worlds, {found.steps:,} steps, {time.monotonic() - began:.0f} s")
    _show(found)
    return 1 if found.violation else 0


def _show(found: Exploration) -> None:
    for act, count in found.acts.most_common():
        print(f"  {count:10,} {act.name.lower().replace('_', ' ')}")
    print(found.violation or "  every invariant holds", flush=True)


def _show_mutants() -> int:
    survivors = 0
    for mutant in MUTANTS:
        start = beginning(2, 2, mutant.writes, mutant.faults)
        violation = Explorer(mutant.protocol).explore(start).violation
        survivors += violation is None
        print(f"{mutant.name}:\n{violation or 'nothing is wrong'}\n")
    return 1 if survivors else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--writes", type=int, help="of applications, in one exploration")
    parser.add_argument("--faults", type=int, default=0, help="envelopes that come out broken")
    parser.add_argument("--every-step", action="store_true", help="also those that change nothing")
    parser.add_argument("--mutants", action="store_true", help="what each precaution is there for")
    return parser


if __name__ == "__main__":
    sys.exit(main())
