"""What Prefect adds to a run: `python -m tests.bench.orchestration [--rounds N] [--to DIR]`.

`reseal encrypt` on a table so small that its rows cost nothing, each time from a cold start: once
with a server of its own, once against one that runs. Beside it, what a task and an artifact take.
It writes docs/orchestration.md and its figures.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import rmtree
from statistics import median
from time import monotonic
from typing import Any

from tests.bench import machine, orchestration_page
from tests.bench.counted_api import counted_api
from tests.bench.own_prefect import served
from tests.bench.remembered import remembered
from tests.bench.site import Site, opened
from tests.bench.table import Keys, Table
from tests.bench.timeline import Timeline, watched

DOCS = Path(__file__).resolve().parents[2] / "docs"


def main() -> int:
    """Measure, and write the page; a figure above its limit is an error."""
    given = _parser().parse_args()
    with opened(Table(given.rows, Keys.BIGINT, False)) as site:
        document = {
            "rows": given.rows,
            "machine": machine.described(),
            "first": sum(_own(site).values()),
            "own": _rounds(given.rounds, lambda: _own(site)),
            "own_server": _rounds(given.rounds, lambda: {"start": _start(site)}),
            **_against_running(site, given.rounds),
        }
    write(document, given.to)
    print((given.to / "orchestration.md").read_text())
    return orchestration_page.over_limit(document)


def write(document: dict[str, Any], to: Path) -> None:
    """Write the page and its figures into a directory."""
    (to / "orchestration.md").write_text(orchestration_page.made_of(document))
    (to / "orchestration.json").write_text(json.dumps(document, indent=1) + "\n")


def _rounds(rounds: int, measure: Callable[[], Mapping[str, float]]) -> dict[str, float]:
    """Return the median of each part; the first round only warms the files up."""
    measure()
    measured = [measure() for _ in range(rounds)]
    names = dict.fromkeys(name for one in measured for name in one)
    return {name: median(one.get(name, 0.0) for one in measured) for name in names}


def _own(site: Site) -> Mapping[str, float]:
    return _encrypted(site, {}).parts


def _start(site: Site) -> float:
    """Return how long Prefect's server takes until it answers, where it has run before."""
    began = monotonic()
    with served(site.directory / ".reseal"):
        return monotonic() - began


def _against_running(site: Site, rounds: int) -> dict[str, Any]:
    with served(site.directory / ".reseal") as server:
        running = {"PREFECT_API_URL": server.api_url}
        parts = _rounds(rounds, lambda: _encrypted(site, running).parts)
        with counted_api(server.api_url) as (url, requests):
            ended = _encrypted(site, {"PREFECT_API_URL": url})
        counted = {"requests": dict(requests), **remembered(server.api_url, _run_id(ended))}
        return {"running": parts, "counted": counted, "each": _each(server.api_url)}


def _encrypted(site: Site, more: Mapping[str, str]) -> Timeline:
    site.renew()
    rmtree(site.directory / "evidence", ignore_errors=True)
    variables = {n: text for n, text in site.environment.items() if n != "PREFECT_API_URL"}
    return watched(site.directory, variables | dict(more), "encrypt")


def _run_id(ended: Timeline) -> str:
    return str(ended.document["run_id"])


def _each(api_url: str) -> dict[str, float]:
    """Return what a task and an artifact take, in milliseconds of the run that waits for them."""
    os.environ["PREFECT_API_URL"] = api_url
    # Reads its settings once, when it is imported.
    from tests.bench.each import each

    return each()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.orchestration")
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--to", type=Path, default=DOCS, help="the directory; default docs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
