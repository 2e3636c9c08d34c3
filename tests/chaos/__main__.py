"""Fight a campaign: `python -m tests.chaos [--only KIND]… [--seed S] [--rows R] | --rotate`.

Every round follows from the seed. With `--only` just the rounds of some kinds are fought, with
`--round` just one; what the other rounds would have left behind is missing then. With `--rotate`,
rotations are killed at every point of tests/chaos/rotation_points.py in turn.
"""

import argparse
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.server import LocalServer, prepare_home
from tests.chaos.campaign import Campaign
from tests.chaos.faults import ROUNDS
from tests.chaos.moments import MODES
from tests.chaos.plan import Planned, plan
from tests.chaos.rotation_campaign import RotationCampaign
from tests.chaos.rotation_points import POINTS, one_by_one
from tests.chaos.server import OwnServer, own_server
from tests.chaos.space import small_disk
from tests.flows.scene import Scene, scene_on

ROWS, ROTATED_ROWS = 8_000, 20_000


def main() -> int:
    """Fight a campaign on a server of its own; exit 1 where anything went wrong."""
    given = _parser().parse_args()
    rounds = _chosen(given)
    what = f"{len(POINTS)} points of a rotation" if given.rotate else f"{len(rounds)} rounds"
    _say(f"seed {given.seed}, {what}")
    with TemporaryDirectory(prefix="reseal-chaos-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        with own_server(directory) as server, _scene(directory, server) as scene:
            is_won = (
                _rotate(scene, given)
                if given.rotate
                else _encrypt(scene, server, directory, rounds, given)
            )
    return 0 if is_won else 1


def _chosen(given: argparse.Namespace) -> list[Planned]:
    rounds = plan(given.seed)
    if given.only:
        rounds = [one for one in rounds if one.kind in given.only]
    if given.round:
        rounds = [one for one in rounds if one.number in given.round]
    return rounds[given.skip :][: given.most]


def _encrypt(
    scene: Scene,
    server: OwnServer,
    directory: Path,
    rounds: list[Planned],
    given: argparse.Namespace,
) -> bool:
    with small_disk(server, directory / "small") as space:
        if space is None:
            _say("no disk will be full: mounting a small one takes root")
        campaign = Campaign(
            scene, server, space, rounds, given.rows or ROWS, given.seed, _say, goes_back=True
        )
        score = campaign.fight()
    _say(f"\n{score}\n")
    for wrong in score.wrong:
        _say(f"WRONG {wrong}")
    return score.is_won


def _rotate(scene: Scene, given: argparse.Namespace) -> bool:
    # Killed also while it starts, as a person starts it.
    scene.command_line.is_cold = True
    rows = given.rows or ROTATED_ROWS
    campaign = RotationCampaign(scene, one_by_one(), rows, given.seed, _say, MODES)
    return not campaign.fight()


@contextmanager
def _scene(directory: Path, server: OwnServer) -> Iterator[Scene]:
    prepare_home(directory)
    prefect = LocalServer()
    try:
        prefect.wait()
        yield scene_on(server.url, prefect.api_url, directory / "prefect", directory)
    finally:
        prefect.close()


def _say(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--rotate", action="store_true", help="kill rotations, at every point")
    parser.add_argument("--only", action="append", choices=ROUNDS, help="a kind of fault")
    parser.add_argument("--round", action="append", type=int, help="the number of a round")
    parser.add_argument("--skip", type=int, default=0, help="leave so many rounds out")
    parser.add_argument("--most", type=int, default=None, help="fight so many rounds")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--rows", type=int, help="how many users the table has at first")
    return parser


if __name__ == "__main__":
    sys.exit(main())
