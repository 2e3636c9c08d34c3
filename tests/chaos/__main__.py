"""Run a campaign: `python -m tests.chaos [--kills N | --rotate] [--seed S] [--rows R]`.

With `--rotate`, rotations are killed at every point of tests/chaos/rotation_points.py in turn.
"""

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
from tests.chaos.moments import MODES
from tests.chaos.rotation_campaign import RotationCampaign
from tests.chaos.rotation_points import POINTS, one_by_one
from tests.conftest import USERS
from tests.flows.scene import Scene, scene_on, stop_server


def main() -> int:
    """Fight a campaign on a server of its own; exit 1 where anything was lost."""
    given = _parser().parse_args()
    what = f"{len(POINTS)} points of a rotation" if given.rotate else f"{given.kills} kills"
    _say(f"seed {given.seed}, {given.rows:,} rows, {what}")
    with _scene() as scene:
        is_won = _rotate(scene, given) if given.rotate else _encrypt(scene, given)
    return 0 if is_won else 1


def _encrypt(scene: Scene, given: argparse.Namespace) -> bool:
    return Campaign(scene, given.kills, given.rows, given.seed, _say).fight().is_won


def _rotate(scene: Scene, given: argparse.Namespace) -> bool:
    chains = one_by_one()
    campaign = RotationCampaign(scene, chains, given.rows, given.seed, _say, MODES)
    return not campaign.fight()


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
            scene = scene_on(url, prefect.api_url, directory / "prefect", directory)
            # Killed also while it starts, as a person starts it.
            scene.command_line.is_cold = True
            yield scene
        finally:
            prefect.close()
            stop_server(directory / "data")


def _say(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description=(__doc__ or "").splitlines()[0]
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--kills", type=int, default=20)
    what.add_argument("--rotate", action="store_true", help="kill rotations, at every point")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--rows", type=int, default=20_000)
    return parser


if __name__ == "__main__":
    sys.exit(main())
