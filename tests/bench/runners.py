"""The same rows by each task runner: `python -m tests.bench.runners [--rows N] [--out FILE]`.

The real command on a table made anew, with Prefect's server at hand, once by a single process and
then by two of each kind. What was counted must add up, or it ends with an error.
"""

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reseal.runner_policy import Runner
from tests.bench import machine
from tests.bench.command import run
from tests.bench.own_prefect import prefect
from tests.bench.site import CONFIG, Site, opened
from tests.bench.table import Keys, Table

FIELD = "users.mfa_secret"
# What all passes looked at, what of it they changed, and what it came to. A row that was moved to
# a later page is met again there.
PASSES = """
SELECT coalesce(sum(rows_read), 0), coalesce(sum(changed), 0),
       coalesce(sum(changed + moved + locked + settled + empty + quarantined + left_alone), 0)
FROM reseal.batch WHERE run_id = %s
"""


@dataclass(frozen=True)
class Kind:
    """A way to have the spans worked off."""

    name: str
    runner: Runner
    workers: int

    @property
    def config(self) -> str:
        """What reseal.toml says of it."""
        return f'[run]\nrunner = "{self.runner}"\nworkers = {self.workers}\n{CONFIG}'


KINDS = (
    Kind("a single process", Runner.THREADS, 1),
    Kind("two of Reseal's own", Runner.THREADS, 2),
    Kind("two of Prefect's", Runner.PROCESSES, 2),
    Kind("two of a local Dask cluster", Runner.DASK, 2),
)


@dataclass(frozen=True)
class Line:
    """What one of them took, in seconds: of the stages that it works in, and of all stages."""

    name: str
    backup: float
    encrypt: float
    validate: float
    stages: float
    rows: int
    changed: int
    sealed: int
    left: int

    @property
    def works(self) -> float:
        """The seconds of the stages whose work is done in spans."""
        return self.backup + self.encrypt + self.validate


def main() -> int:
    """Measure each, print the table, and the figures as JSON."""
    given = _parser().parse_args()
    with opened(Table(given.rows, Keys.BIGINT, False)) as site, prefect():
        lines = [_measured(site, kind) for kind in KINDS]
    document = {"rows": given.rows, "machine": machine.described(), "lines": [*map(asdict, lines)]}
    print(table(lines))
    print(json.dumps(document))
    if given.out:
        given.out.write_text(json.dumps(document, indent=1) + "\n")
    return 0


def table(lines: list[Line]) -> str:
    """Return a table in Markdown; the first line is what the others are held against."""
    head = "| spans are done by | backup | encrypt | validate | together | against one | sealed |"
    rule = "|---|--:|--:|--:|--:|--:|--:|"
    first = lines[0].works
    rows = [
        f"| {one.name} | {one.backup:.1f} s | {one.encrypt:.1f} s | {one.validate:.1f} s "
        f"| {one.works:.1f} s | {one.works / first:.2f} | {one.sealed:,} of {one.rows:,} |"
        for one in lines
    ]
    return "\n".join([head, rule, *rows])


def _measured(site: Site, kind: Kind) -> Line:
    site.renew()
    (site.directory / "reseal.toml").write_text(kind.config)
    ended = run(site, "encrypt", "--aggressive")
    _need_sum(site, kind, ended.run_id)
    part: dict[str, Any] = ended.document["fields"][FIELD]
    after, stages = part["after"], ended.stages
    line = Line(
        kind.name, stages["backup"], stages["encrypt"], stages["validate"], sum(stages.values()),
        after["rows"], part["changed"], sum(after["sealed"].values()), after["plain"],
    )  # fmt: skip
    if not line.rows == line.changed == line.sealed == site.table.rows or line.left:
        raise SystemExit(f"{kind.name}: the counts do not add up: {line}")
    print(f"{kind.name}: {line.works:.1f} s", flush=True)
    return line


def _need_sum(site: Site, kind: Kind, run_id: str) -> None:
    with site.connected() as connection:
        row = connection.execute(PASSES.encode(), [run_id]).fetchone()
    read, changed, outcomes = row or (0, 0, 0)
    if read != outcomes or changed != site.table.rows:
        raise SystemExit(f"{kind.name}: {read} read, {changed} changed, {outcomes} outcomes")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.runners", description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--out", type=Path, help="a file for the figures, as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
