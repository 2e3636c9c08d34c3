"""Run a campaign: `python -m tests.chaos [--kills N] [--seed S] [--rows R]`."""

import argparse
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from flows.server import LocalServer, prepare_home
from reseal.embedded import start_server
from tests.chaos.campaign import Campaign
from tests.conftest import USERS
from tests.flows.scene import Scene, scene_on, stop_server


def main() -> int:
    """Fight a campaign on a server of its own; exit 1 where anything was lost."""
    given = _parser().parse_args()
    print(f"seed {given.seed}, {given.rows:,} rows, {given.kills} kills", flush=True)
    with _scene() as scene:
        verdict = Campaign(scene, given.kills, given.rows, given.seed, _say).fight()
    return 0 if verdict.is_won else 1


@contextmanager
def _scene() -> Iterator[Scene]:
    with TemporaryDirectory(prefix="reseal-chaos-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)
        url = start_server(directory / "data")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(USERS.encode())
        prepare_home(directory)
        prefect = LocalServer()
        try:
            prefect.wait()
            yield scene_on(url, prefect.api_url, directory / "prefect", directory)
        finally:
            prefect.close()
            stop_server(directory / "data")


def _say(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--rows", type=int, default=20_000)
    return parser


if __name__ == "__main__":
    sys.exit(main())
