"""The campaign of `make chaos` in short: each kind of fault once, and nothing is lost by it.

On servers of its own, which may be crashed.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.chaos.boundaries import BOUNDARIES
from tests.chaos.campaign import Campaign
from tests.chaos.faults import ROUNDS
from tests.chaos.plan import Planned, plan, planned
from tests.chaos.round import Command
from tests.chaos.score import Score
from tests.chaos.server import OwnServer, own_server
from tests.chaos.space import Space, small_disk
from tests.flows.scene import Scene, scene_on, together

pytestmark = pytest.mark.slow

# Chosen once and written down: whoever wants other moments runs `make chaos`.
SEED, ROWS = 1905, 3000

# A rollback has something to undo where an encryption came before it.
SHARES = (
    ("kill", "crash", "terminate", "cut-after", "full", "latency", "deadlock"),
    ("boundary", "freeze", "undoing", "cut-before", "lock", "second", "silence", "worker"),
)
UNDOING = (
    next(number for number, one in enumerate(BOUNDARIES) if one.command is Command.ROLLBACK) + 5
)


def rounds(kinds: tuple[str, ...]) -> list[Planned]:
    return [
        planned(SEED, number, "boundary", UNDOING)
        if kind == "undoing"
        else planned(SEED, number, kind)
        for number, kind in enumerate(kinds, start=1)
    ]


@pytest.fixture
def fights(prefect_api: str, prefect_home: Path) -> Iterator[list[Callable[[], Score]]]:
    """Two campaigns, each with its share of the kinds."""
    with ExitStack() as stack:
        grounds = [stack.enter_context(ground(prefect_api, prefect_home)) for _ in SHARES]
        yield [fight(*one, rounds(share)) for one, share in zip(grounds, SHARES, strict=True)]


@contextmanager
def ground(prefect_api: str, prefect_home: Path) -> Iterator[tuple[Scene, OwnServer, Space | None]]:
    with TemporaryDirectory(prefix="reseal-chaos-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        with (
            own_server(directory) as server,
            small_disk(server, directory / "small") as space,
        ):
            yield scene_on(server.url, prefect_api, prefect_home, directory), server, space


def fight(
    scene: Scene, server: OwnServer, space: Space | None, share: list[Planned]
) -> Callable[[], Score]:
    def work() -> Score:
        said: list[str] = []
        try:
            return Campaign(scene, server, space, share, ROWS, SEED, said.append).fight()
        finally:
            print(f"seed {SEED}", *said, sep="\n")

    return work


def test_nothing_is_lost_by_any_kind_of_fault(fights: list[Callable[[], Score]]) -> None:
    # At once, because a campaign spends most of its time on starting runs.
    scores = together(*fights)

    assert [wrong for score in scores for wrong in score.wrong] == []
    injected = {name: line.injected for score in scores for name, line in score.lines.items()}
    needed = {fault.name for fault, _ in ROUNDS.values()} - {"latency"}
    if not os.environ.get("CI"):
        # Mounting a small disk takes rights that a person at a desk may not have.
        needed -= {"disk full"}
    assert sorted(name for name in needed if not injected[name]) == []


def test_every_round_follows_from_the_seed() -> None:
    def told(seed: int) -> list[tuple[str, int, str, float]]:
        return [(one.kind, one.nth, one.command, one.dice.random()) for one in plan(seed)]

    assert told(SEED) == told(SEED) != told(SEED + 1)
    assert {one.kind for one in plan(SEED)} == set(ROUNDS)


def test_every_boundary_has_a_name_of_its_own_and_a_round() -> None:
    names = [(one.command, one.name) for one in BOUNDARIES]
    assert len(set(names)) == len(names) == ROUNDS["boundary"][1]


def test_the_readme_tells_how_many_kinds_there_are() -> None:
    said = (Path(__file__).parents[2] / "README.md").read_text()
    assert f"more than 300 faults of {len(ROUNDS)} kinds" in said
