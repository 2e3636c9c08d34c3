"""Measure in paired rounds: `python -m tests.bench [--rows N] [--rounds N] [--only NAME]…`.

Every line is measured on the same server, on a table made anew. `--alternatives` adds what people
would use instead; `--read` measures what reading adds to a login, and nothing else.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import machine, reading
from tests.bench.contenders import SAFE_ROWS, Contender, contenders
from tests.bench.document import of_rounds
from tests.bench.lines import BARE, LINES, Group
from tests.bench.own_prefect import prefect
from tests.bench.report import show
from tests.bench.rounds import Rounds
from tests.bench.site import opened
from tests.bench.table import Keys, Table


def main() -> int:
    """Run the rounds, print each line as it is known, and the medians."""
    given = _parser().parse_args()
    if given.read:
        reading.show(reading.measure(given.rounds))
        return 0
    document: dict[str, Any] = {}
    # Written after every round, so that a later one that breaks takes nothing along.
    for document in _measured(given):
        if given.out:
            given.out.write_text(json.dumps(document, indent=1) + "\n")
    show(document)
    return 0


def _measured(given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Measure round by round and yield the document of all so far."""
    wanted = _wanted(given)
    chosen = [one for one in contenders(given.safe_rows) if wanted & set(one.lines)]
    table = Table(given.rows, Keys(given.keys), given.indexes)
    about = {"date": datetime.now(UTC).date().isoformat(), "machine": machine.described()}
    with opened(table, given.postgres) as site, _prefect(chosen):
        about |= {"server": machine.settings(site), "table": vars(table)}
        rounds = Rounds(site, chosen, wanted)
        for number in range(given.rounds):
            print(f"round {number + 1} of {given.rounds}", flush=True)
            rounds.run()
            yield about | of_rounds(rounds.measured, rounds.missing)


def _wanted(given: argparse.Namespace) -> frozenset[str]:
    chosen = set(given.only or ())
    if not chosen:
        chosen = {n for n, line in LINES.items() if line.group is not Group.ALTERNATIVE}
    if given.alternatives:
        chosen |= {name for name, line in LINES.items() if line.group is Group.ALTERNATIVE}
    return frozenset(chosen | {BARE} | {LINES[name].pair for name in chosen})


def _prefect(chosen: list[Contender]) -> AbstractContextManager[None]:
    """Have a Prefect server where a command is measured."""
    is_command = any(
        "encrypt" in one.lines or one.lines[0] in ("standard", "safe") for one in chosen
    )
    return prefect() if is_command else nullcontext()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    add = parser.add_argument
    add("--rows", type=int, default=1_000_000)
    add("--rounds", type=int, default=3)
    add("--keys", choices=[*Keys], default=Keys.BIGINT, help="random UUIDs, or numbers in order")
    add("--indexes", action="store_true", help="three more indexes, on other columns")
    add("--only", action="append", choices=[*LINES], metavar="NAME", help=", ".join(LINES))
    add("--alternatives", action="store_true", help="what people would use instead, too")
    add("--safe-rows", type=int, default=SAFE_ROWS, help="the most rows that --safe is given")
    add("--postgres", type=Path, metavar="DIR", help="programs of another server: initdb, pg_ctl")
    add("--read", action="store_true", help="what Vault.read adds to a login")
    add("--out", type=Path, help="a file for the figures, as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
