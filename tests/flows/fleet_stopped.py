"""A fleet that is stopped while a worker is at work on it, by `make fleet`.

Its name keeps it out of the suite, which has what can be shown without a worker.
"""

import signal
from collections.abc import Callable

import pytest

from tests.flows.conftest import Ended
from tests.flows.fleet import fleet_of
from tests.flows.rotations import SLOW, enrolled, seal_all
from tests.flows.scene import Scene, wait_until

pytestmark = pytest.mark.slow

USERS = 1500
BEGUN = "SELECT to_regclass('reseal.batch') IS NOT NULL"
RESEALED = "SELECT coalesce(sum(changed), 0)::int FROM reseal.batch WHERE turn = 'reseal'"
OUTCOMES = "SELECT json_agg(outcome ORDER BY started) FROM reseal.run"


def test_its_run_comes_to_a_batch_boundary_and_the_next_fleet_goes_on_from_there(
    make_scene: Callable[[], Scene],
):
    with fleet_of(make_scene, "elm") as fleet:
        story = enrolled(fleet.scenes["elm"], USERS)
        seal_all(story)
        story.does(SLOW)
        fleet.deploys("rotate-keys-elm")
        with fleet.worker("only"):
            process = fleet.command_line.start("rotate-fleet", "elm", "--json")
            wait_until(lambda: story.scene.ask(BEGUN) and story.scene.ask(RESEALED), 120)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=60)
            stopped = Ended(process.wait(), out, err)
            story.does("DROP TRIGGER slow ON users")
            keys = story.keys()
            ended = fleet.rotates("elm", "--json")

        assert stopped.code == 6, err
        (one,) = stopped.document["targets"]
        assert fleet.run(one["run_id"])["state"]["type"] == "CANCELLED"
        assert (fleet.evidence("elm") / one["run_id"] / "report.html").is_file()
        assert story.scene.ask(RESEALED) > 0
        assert ended.code == 0, ended.err
        assert story.keys() == keys == {"1": "retiring", "2": "active"}
        assert story.scene.ask(OUTCOMES) == ["stopped", "done"]
        assert story.scene.opened() == story.had
