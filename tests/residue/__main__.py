"""Encrypt a table under load and clean it: `python -m tests.residue [--rows N] [--out FILE]`.

`--speed` measures how long a look at a gigabyte takes instead.

Prints what the command itself found before, after each step and at the end, and what a search of
the data directory finds that knows nothing of the command.
"""

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.own_prefect import served
from tests.flows.scene import FIELD, scene_on
from tests.residue import speed
from tests.residue.grep import grep
from tests.residue.load import writing
from tests.residue.server import fill, talkative_server
from tests.scratch import scratch


def main() -> int:
    """Do it, show it, and end with 1 where anything is left."""
    parser = argparse.ArgumentParser(prog="python -m tests.residue")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--speed", action="store_true", help="measure the look at a gigabyte")
    given = parser.parse_args()
    if given.speed:
        return speed.main()
    with (
        scratch("reseal-residue-") as directory,
        TemporaryDirectory() as state,
        served(Path(state)) as server,
    ):
        shown = measure(Path(directory), Path(state), server.api_url, given.rows)
    if given.out:
        given.out.write_text(json.dumps(shown, indent=1) + "\n")
    show(shown)
    return int(bool(left(shown["searched_after"])))


def measure(directory: Path, state: Path, prefect_api: str, rows: int) -> dict[str, Any]:
    """Encrypt under load; return what was found by whom."""
    with talkative_server(directory) as url:
        old = fill(url, rows)
        scene = scene_on(url, prefect_api, state / "prefect", state)
        before = grep(url, directory / "data", old)
        with writing(url, rows) as load:
            ended = scene.command_line.run("encrypt", "--aggressive", "--json", timeout=1800)
        after = grep(url, directory / "data", old)
        document = ended.document
        evidence = Path(scene.directory / document["evidence"])
        cleaned = json.loads((evidence / f"clean-{FIELD}.json").read_text())
        looked = scene.command_line.run("residue", "--json", timeout=600).document
    return {
        "rows": rows,
        "outcome": document["outcome"],
        "sealed": document["fields"][FIELD]["after"]["sealed"],
        "stages": document["stages"],
        "logins": load.logins,
        "sign_ups": load.sign_ups,
        "steps": cleaned["steps"],
        "not_verified": cleaned["not_verified"],
        "looked": looked["found"],
        "searched_before": before,
        "searched_after": after,
    }


def left(found: dict[str, int]) -> dict[str, int]:
    """What of a search a run vouches for: the logs are told of, not cleaned."""
    return {place: count for place, count in found.items() if place not in ("wal", "log")}


def show(shown: dict[str, Any]) -> None:
    """Print the steps as a table, and both searches."""
    kinds = list(shown["steps"][-1]["found"])
    print(f"{shown['rows']:,} rows, {shown['outcome']}; {shown['logins']:,} logins meanwhile")
    print(f"{'step':<18}{'seconds':>8}" + "".join(f"{kind:>18}" for kind in kinds) + "  note")
    for step in shown["steps"]:
        counts = "".join(f"{_shown(step['found'], kind):>18}" for kind in kinds)
        print(f"{step['step']:<18}{step['seconds']:>8.1f}{counts}  {step['note'] or ''}")
    for name in ("searched_before", "searched_after", "looked"):
        print(f"{name}: {shown[name]}")


def _shown(found: dict[str, int | None], kind: str) -> str:
    if kind not in found:
        return ""
    count = found[kind]
    return "not verified" if count is None else f"{count:,}"


if __name__ == "__main__":
    sys.exit(main())
