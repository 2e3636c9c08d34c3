"""Several databases rotated by workers: one that fails keeps no other from its new key."""

import json
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.flows.conftest import Ended
from tests.flows.fleet import ENDS, GONE, Fleet, fleet_of
from tests.flows.rotations import Story, enrolled, seal_all
from tests.flows.scene import ASKING_SECONDS, Scene, wait_until
from tests.flows.sentences import sentence

pytestmark = pytest.mark.slow

USERS = 30
ROTATED = ("alder", "cedar")


@pytest.fixture(scope="module")
def fleet(make_scene: Callable[[], Scene]) -> Iterator[Fleet]:
    with fleet_of(make_scene, *ROTATED) as fleet:
        fleet.deploys(*(f"rotate-keys-{name}" for name in (*ROTATED, GONE)))
        yield fleet


@pytest.fixture(scope="module")
def stories(fleet: Fleet) -> dict[str, Story]:
    """What each database had, sealed under its first key."""
    told = {name: enrolled(scene, USERS) for name, scene in fleet.scenes.items()}
    for story in told.values():
        seal_all(story)
    return told


@pytest.fixture(scope="module")
def ended(fleet: Fleet, stories: dict[str, Story]) -> Ended:
    with fleet.worker("first"):
        return fleet.rotates("--json")


def of(ended: Ended, name: str) -> dict[str, Any]:
    (found,) = (one for one in ended.document["targets"] if one["target"] == name)
    return dict(found)


def test_what_cannot_be_done_is_refused_before_anything_starts(fleet: Fleet):
    unknown = sentence(fleet.rotates("alder", "willow"), 2)
    assert "no target willow" in unknown
    assert "alder, cedar, gone" in unknown
    assert "will not do for targets" in sentence(fleet.rotates("Not-A-Name"), 2)
    assert "PREFECT_API_URL is not set" in sentence(fleet.rotates(PREFECT_API_URL=""), 2)
    asked = {"deployments": {"id": {"any_": list(fleet.deployments.values())}}}
    assert fleet.home.api("flow_runs/filter", asked) == []


def test_two_are_rotated_and_the_one_that_cannot_be_reached_is_reported(
    ended: Ended, stories: dict[str, Story]
):
    for name, story in stories.items():
        said = of(ended, name)
        assert (said["outcome"], said["exit_code"], said["rows"]) == ("done", 0, len(story.had))
        assert story.keys() == {"1": "retiring", "2": "active"}
        assert story.scene.opened() == story.had
    gone = of(ended, GONE)
    assert (gone["outcome"], gone["exit_code"], gone["rows"]) == ("failed", 2, None)
    assert "cannot connect to the database" in gone["message"]


def test_the_exit_code_is_the_most_serious_one(ended: Ended):
    assert (ended.code, ended.document["exit_code"], ended.document["outcome"]) == (2, 2, "failed")
    assert ended.document["message"].startswith("2 of 3 targets are done; gone: ")


def test_the_page_of_the_fleet_has_a_row_for_each_and_leads_to_its_run(fleet: Fleet, ended: Ended):
    shown = {one["key"]: one for one in fleet.home.of_run("artifacts", ended.run_id)}

    assert json.loads(shown["fleet"]["data"]) == ended.document["targets"]
    for one in ended.document["targets"]:
        assert one["page"].endswith(f"/runs/flow-run/{one['run_id']}")
        assert f"[{one['target']}]({one['page']})" in shown["summary"]["data"]
    for scene in fleet.scenes.values():
        assert scene.database not in json.dumps(shown)
    assert fleet.run(ended.run_id)["name"].startswith("rotate fleet all targets 20")


def test_no_more_than_asked_are_at_work_at_once(fleet: Fleet, ended: Ended):
    runs = [fleet.run(one["run_id"]) for one in ended.document["targets"]]
    spans = sorted((run["created"], run["end_time"]) for run in runs)

    assert spans[2][0] > min(end for _, end in spans[:2])


def test_what_no_worker_begins_is_taken_back(fleet: Fleet):
    ended = fleet.rotates(GONE, "--start-within", "1", "--json")

    said = of(ended, GONE)
    assert (ended.code, said["exit_code"]) == (2, 2)
    assert "no worker began it within 1 seconds" in said["message"]
    assert fleet.run(said["run_id"])["state_type"] == "CANCELLED"


def test_stopped_it_stops_what_it_has_started_and_starts_nothing_more(
    fleet: Fleet, stories: dict[str, Story]
):
    process = fleet.command_line.start("rotate-fleet", "cedar", "alder", "--at-once", "1", "--json")
    wait_until(lambda: not ENDS.issuperset(fleet.states("rotate-keys-cedar")), rest=ASKING_SECONDS)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)

    ended = Ended(process.wait(), out, err)
    assert ended.code == 6, err
    assert of(ended, "cedar")["outcome"] == "stopped"
    assert fleet.ended(of(ended, "cedar")["run_id"])["state_type"] == "CANCELLED"
    assert (of(ended, "alder")["run_id"], of(ended, "alder")["exit_code"]) == (None, 6)
