"""Look at how a run treats its neighbours: `python -m tests.neighbour [--only NAME]…`.

Logins at a fixed rate with and without a run beside them, in turns; and what a run does about a
long transaction, a lock holder, a saturated processor, log that a slot keeps, and a standby that
does not replay. What `--out FILE` writes becomes docs/neighbour.md by
`python -m tests.neighbour.docs FILE…`. `python -m tests.neighbour.network` measures pools.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reseal.modes import Mode
from tests.bench import machine
from tests.neighbour.beside import MODES
from tests.neighbour.cases import NAMES, Cases, Given
from tests.neighbour.place import placed
from tests.neighbour.said import tables, verdicts


def main() -> int:
    """Measure case by case, print tables and verdicts; 1 where something is not as it should be."""
    given = _parser().parse_args()
    document: dict[str, Any] = {}
    # Written after every case, so that a later one that breaks takes nothing along.
    for document in _measured(given):
        if given.out:
            given.out.write_text(json.dumps(document, indent=1) + "\n")
    print(tables(document))
    found = verdicts(document)
    for said, is_so in found:
        print(f"{'shown' if is_so else 'NOT SHOWN'}: {said}")
    return 0 if all(is_so for _, is_so in found) else 1


def _measured(given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    about: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine.described(),
        "rows": given.rows,
        "rate": given.rate,
        "seconds": given.seconds,
    }
    modes = tuple(map(Mode, given.mode or MODES))
    with placed(given.rows) as place:
        about["server"] = machine.settings(place.site)
        cases = Cases(place, Given(given.rate, given.seconds, given.rounds, modes))
        for name in given.only or NAMES:
            print(f"{name}:", flush=True)
            cases.measure(name)
            yield about | {"logins": cases.logins, "reactions": cases.reactions}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.neighbour", description=__doc__)
    add = parser.add_argument
    add("--only", action="append", choices=NAMES, metavar="NAME", help=", ".join(NAMES))
    add("--mode", action="append", choices=[*MODES], help="of the logins; default all three")
    add("--rows", type=int, default=200_000)
    add("--rate", type=float, default=25, help="logins a second")
    add("--seconds", type=float, default=60, help="without a run, in each round")
    add("--rounds", type=int, default=3, help="of the logins, in each mode")
    add("--out", type=Path, help="a file for the figures, as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
