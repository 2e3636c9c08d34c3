"""kill -9 at points all through a rotation, with writers and readers live.

Every other point; `make chaos ARGS=--rotate` takes all of them, each on its own.
"""

from collections.abc import Callable

import pytest

from tests.chaos.rotation_campaign import RotationCampaign
from tests.chaos.rotation_points import POINTS, Keys, in_short, one_by_one
from tests.flows.scene import Scene

pytestmark = pytest.mark.slow

ROWS, SEED = 2000, 1905


def test_nothing_is_lost_wherever_a_rotation_is_killed(make_scene: Callable[[], Scene]) -> None:
    said: list[str] = []
    wrong = RotationCampaign(make_scene(), in_short(), ROWS, SEED, said.append).fight()

    assert wrong == [], "\n".join(said)


def test_the_points_are_many_and_each_has_a_chain_that_ends_with_it() -> None:
    assert [chain[-1] for chain in one_by_one()] == list(POINTS)
    assert len({point.name for point in POINTS}) == len(POINTS) > 30
    (chain,) = in_short()
    assert len(chain) >= len(POINTS) / 2
    assert {point.keys for point in chain} == set(Keys)
    assert any(point.goes_on for point in chain)
    assert any(point.makes_another for point in chain)
