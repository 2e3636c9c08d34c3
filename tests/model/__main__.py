"""Explore the model: `python -m tests.model [--rows N --runs N --writes N --faults N --shreds N]`.

By default all that the suite has no time for: every step of the smaller worlds, and larger worlds.
`--every-step` takes them all in one world, `--mutants` shows what each precaution is there for.
"""

import argparse
import sys
import time

from tests.model.explorer import Exploration, Explorer
from tests.model.mutants import MUTANTS
from tests.model.protocol import Protocol
from tests.model.world import World, beginning

# Each with all its steps or those that lead elsewhere.
_LARGE: tuple[tuple[World, bool], ...] = (
    (beginning(rows=2, runs=2, writes=1, faults=1), True),
    (beginning(rows=2, runs=2, writes=2, faults=0), False),
    (beginning(rows=1, runs=2, writes=2, faults=1, shreds=1), True),
    (beginning(rows=1, runs=3, writes=2, faults=1, shreds=1), False),
    (beginning(rows=1, runs=2, writes=4, faults=1, shreds=1), False),
    (beginning(rows=2, runs=2, writes=2, faults=1), False),
    (beginning(rows=2, runs=2, writes=2, faults=0, shreds=1), False),
)


def main() -> int:
    """Explore and print how many worlds there were; exit 1 where an invariant does not hold."""
    given = _parser().parse_args()
    if given.mutants:
        return _show_mutants()
    worlds = _LARGE
    if given.writes is not None:
        start = beginning(given.rows, given.runs, given.writes, given.faults, given.shreds)
        worlds = ((start, given.every_step),)
    return max(_explore(*world) for world in worlds)


def _explore(start: World, every_step: bool) -> int:
    began = time.monotonic()
    found = Explorer(Protocol(), thrifty=not every_step).explore(start)
    print(_words(start), "every step:" if every_step else "the steps that lead elsewhere:")
    print(f"  {found.worlds:,} worlds, {found.steps:,} steps, {time.monotonic() - began:.0f} s")
    _show(found)
    return 1 if found.violation else 0


def _words(start: World) -> str:
    return (
        f"{len(start.rows)} rows, {len(start.runs)} runs, {start.writes} writes, "
        f"{start.faults} broken envelopes, {start.shreds} shredded backups,"
    )


def _show(found: Exploration) -> None:
    for act, count in found.acts.most_common():
        print(f"  {count:10,} {act.name.lower().replace('_', ' ')}")
    print(found.violation or "  every invariant holds", flush=True)


def _show_mutants() -> int:
    survivors = 0
    for mutant in MUTANTS:
        violation = Explorer(mutant.protocol).explore(mutant.start).violation
        survivors += violation is None
        print(f"{mutant.name}:\n{violation or 'nothing is wrong'}\n")
    return 1 if survivors else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--writes", type=int, help="of applications, in one exploration")
    parser.add_argument("--rows", type=int, default=2)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--faults", type=int, default=0, help="envelopes that do not open")
    parser.add_argument("--shreds", type=int, default=0, help="backups that are destroyed")
    parser.add_argument("--every-step", action="store_true", help="also those that change nothing")
    parser.add_argument("--mutants", action="store_true", help="what each precaution is there for")
    return parser


if __name__ == "__main__":
    sys.exit(main())
