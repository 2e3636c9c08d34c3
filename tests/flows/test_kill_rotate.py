"""kill -9 at every point of a rotation, with writers and readers live."""

from collections.abc import Callable

import pytest

from tests.chaos.rotation_campaign import RotationCampaign
from tests.chaos.rotation_points import POINTS, all_in_one, one_by_one
from tests.flows.scene import Scene

pytestmark = pytest.mark.slow

ROWS, SEED = 2000, 1905


def test_nothing_is_lost_wherever_a_rotation_is_killed(make_scene: Callable[[], Scene]) -> None:
    said: list[str] = []
    wrong = RotationCampaign(make_scene(), all_in_one(), ROWS, SEED, said.append).fight()

    assert wrong == [], "\n".join(said)


def test_the_points_are_many_and_each_has_a_chain_that_ends_with_it() -> None:
    assert [chain[-1] for chain in one_by_one()] == list(POINTS)
    assert len({point.name for point in POINTS}) == len(POINTS) > 30
    assert all_in_one() == (POINTS,)
