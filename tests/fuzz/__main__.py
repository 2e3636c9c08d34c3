"""Fuzz: `python -m tests.fuzz [--seed S] [--only NAME] [--count N | --case NUMBER]`."""

import argparse
import secrets
import sys
import time

from tests.fuzz.campaign import Tally, try_all, try_cases
from tests.fuzz.report import show
from tests.fuzz.subjects import SUBJECTS

_SECONDS_BETWEEN_WORDS = 30.0


def main() -> int:
    """Try every subject and print what came of it; exit 1 where anything was wrong."""
    given = _parser().parse_args()
    print(f"seed {given.seed}", flush=True)
    names = [given.only] if given.only else list(SUBJECTS)
    tallies = [_one(given, name) for name in names]
    faults = sum(len(tally.faults) for tally in tallies)
    print(f"seed {given.seed}: {sum(t.total for t in tallies):,} cases, {faults} faults")
    return 1 if faults else 0


def _one(given: argparse.Namespace, name: str) -> Tally:
    began = time.monotonic()
    if given.case is not None:
        tally = try_cases(SUBJECTS[name], given.seed, range(given.case, given.case + 1))
    else:
        tally = _many(given, name)
    show(name, tally, time.monotonic() - began)
    return tally


def _many(given: argparse.Namespace, name: str) -> Tally:
    count = SUBJECTS[name].count if given.count is None else given.count
    tally, told = Tally(), time.monotonic()
    for tally in try_all(SUBJECTS[name], given.seed, count):
        if time.monotonic() - told > _SECONDS_BETWEEN_WORDS:
            told = time.monotonic()
            print(f"  {name}: {tally.total:,} of {count:,}", file=sys.stderr, flush=True)
    return tally


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--only", choices=SUBJECTS)
    cases = parser.add_mutually_exclusive_group()
    cases.add_argument("--count", type=int, help="cases of each subject")
    cases.add_argument("--case", type=int, help="try this one again; name the subject with --only")
    return parser


if __name__ == "__main__":
    sys.exit(main())
