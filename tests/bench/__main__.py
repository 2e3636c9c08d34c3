"""Measure in paired rounds: `python -m tests.bench [--read] [--rows N] [--rounds N] [--out F]`."""

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.server import LocalServer, prepare_home
from tests.bench import reading
from tests.bench.contenders import CONTENDERS, Measured
from tests.bench.report import as_json, show, show_round
from tests.bench.site import Site, opened


def main() -> int:
    """Run the rounds, print each as it ends, and the medians."""
    given = _parser().parse_args()
    if given.read:
        reading.show(reading.measure(given.rounds))
        return 0
    with TemporaryDirectory(prefix="reseal-prefect-") as state, opened(given.rows) as site:
        prepare_home(Path(state))
        prefect = LocalServer()
        try:
            prefect.wait()
            os.environ["PREFECT_API_URL"] = prefect.api_url
            rounds = [_round(site, number) for number in range(given.rounds)]
        finally:
            prefect.close()
    show(rounds)
    if given.out:
        given.out.write_text(as_json(given.rows, rounds))
    return 0


def _round(site: Site, number: int) -> list[Measured]:
    # What comes first finds another cache than what comes last: every other round is reversed.
    order = CONTENDERS if number % 2 == 0 else CONTENDERS[::-1]
    measured = []
    for contender in order:
        site.renew()
        measured.append(contender(site))
    show_round(number, measured)
    return measured


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--read", action="store_true", help="what Vault.read adds to a login")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="a file for the figures, as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
