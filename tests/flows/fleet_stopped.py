"""A fleet is stopped while a worker rotates one of its targets; the next fleet goes on from there.

By `make fleet`: it takes a minute, and its name keeps it out of the suite.
"""

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.flows.conftest import Ended
from tests.flows.fleet import Fleet, fleet_of
from tests.flows.rotations import RESEALED, SLOW, Story, enrolled, seal_all
from tests.flows.scene import Scene, wait_until

pytestmark = pytest.mark.slow

USERS = 3000
ROTATE = "rotate-keys-elder"
OUTCOMES = "SELECT json_agg(outcome ORDER BY started) FROM reseal.run WHERE flow = 'rotate_keys'"
NEW_KEY = RESEALED.replace("key_version = 3", "key_version = 2")


@dataclass(frozen=True)
class Told:
    """How the stopped fleet ended, what Prefect says of the run that it had, and the next fleet."""

    story: Story
    stopped: Ended
    run: dict[str, Any]
    outcomes: list[str]
    keys: dict[str, str]
    again: Ended


@pytest.fixture(scope="module")
def told(make_scene: Callable[[], Scene]) -> Iterator[Told]:
    with fleet_of(make_scene, "elder") as fleet:
        scene = fleet.scenes["elder"]
        fleet.deploys(ROTATE)
        story = enrolled(scene, USERS)
        seal_all(story)
        with scene.connect() as connection:
            connection.execute(SLOW)
        with fleet.worker("only"):
            stopped = stops(fleet, scene)
            run = fleet.ended(stopped.document["targets"][0]["run_id"])
            outcomes, keys = scene.ask(OUTCOMES), story.keys()
            with scene.connect() as connection:
                connection.execute("DROP TRIGGER slow ON users")
            again = fleet.rotates("elder", "--json")
        yield Told(story, stopped, run, outcomes, keys, again)


def stops(fleet: Fleet, scene: Scene) -> Ended:
    process = fleet.command_line.start("rotate-fleet", "elder", "--json")
    wait_until(lambda: scene.ask(NEW_KEY) > 0, 120)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=120)
    return Ended(process.wait(), out, err)


def test_the_fleet_and_the_run_of_its_target_end_as_stopped(told: Told):
    assert told.stopped.code == 6, told.stopped.err
    (target,) = told.stopped.document["targets"]
    assert (target["outcome"], target["exit_code"]) == ("stopped", 6)
    assert told.run["state_type"] == "CANCELLED"
    assert told.outcomes == ["stopped"]


def test_the_rotation_that_was_stopped_has_its_key_and_the_next_fleet_ends_it(told: Told):
    assert told.keys == {"1": "retiring", "2": "active"}
    assert told.again.code == 0, told.again.err
    assert told.story.keys() == {"1": "retiring", "2": "active"}
    assert told.story.scene.opened() == told.story.had
