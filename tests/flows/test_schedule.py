"""The deployments of prefect.yaml on a real Prefect server: what it schedules, and never twice."""

import json
import os
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import deployments
from flows.server import prepare_home
from reseal.store import schema
from reseal.store.control import hold_keys
from tests.flows.rotations import READY, enrolled, seal_all
from tests.flows.scene import Scene, wait_until
from tests.flows.sentences import missing, sentence

pytestmark = pytest.mark.slow

PROJECT = Path(deployments.__file__).parents[1]


def python(api: str, home: Path, *words: str) -> None:
    """Run Python in the checkout, on Prefect's server."""
    environment = {**os.environ, "PREFECT_API_URL": api, "PREFECT_HOME": str(home)}
    ended = subprocess.run(
        [sys.executable, *words],
        cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr


def prefect(api: str, home: Path, *words: str) -> None:
    """Run Prefect's own command line in the checkout."""
    python(api, home, "-m", "prefect", "--no-prompt", *words)


def asked(api: str, path: str, query: dict[str, Any]) -> Any:
    """What Prefect's API answers to a POST."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{api}/{path}", json.dumps(query).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def deployed(
    prefect_api: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """Every deployment by name, as the server has it."""
    state = tmp_path_factory.mktemp("deploying")
    prepare_home(state)
    home = state / "prefect"
    python(prefect_api, home, "-m", "deployments.register")
    found = asked(prefect_api, "deployments/filter", {"work_pools": {"name": {"any_": ["reseal"]}}})
    return {deployment["name"]: deployment for deployment in found}


def test_every_deployment_arrives(deployed: dict[str, dict[str, Any]]) -> None:
    expected = {"encrypt", "check", "rotate-keys", "verify", "optimise", "residue", "rollback"}
    expected |= {"watch-health", "retire-key", "rotate-fleet"}
    assert deployed.keys() == expected


@pytest.mark.parametrize(
    ("name", "cron", "at"),
    [("rotate-keys", "30 3 1 */3 *", (3, 30)), ("verify", "15 4 * * *", (4, 15))],
)
def test_keys_are_rotated_each_quarter_and_everything_is_verified_each_night(
    deployed: dict[str, dict[str, Any]], prefect_api: str, name: str, cron: str, at: tuple[int, int]
) -> None:
    deployment = deployed[name]
    (schedule,) = deployment["schedules"]
    assert (schedule["schedule"]["cron"], schedule["active"]) == (cron, True)

    def due_times() -> list[datetime]:
        chosen = {"deployments": {"id": {"any_": [deployment["id"]]}}}
        runs = asked(prefect_api, "flow_runs/filter", chosen)
        return sorted(datetime.fromisoformat(run["expected_start_time"]) for run in runs)

    # The server's own scheduler looks after new deployments every few seconds, and a hundred days
    # ahead: that is one quarter at least.
    wait_until(due_times)
    due = due_times()
    assert {(when.hour, when.minute) for when in due} == {at}
    assert all(when > datetime.now(UTC) for when in due)
    days = {(later - earlier).days for earlier, later in pairwise(due)}
    assert days == {1} if name == "verify" else (due[0].day, due[0].month % 3) == (1, 1)


def test_the_server_begins_no_second_run_beside_one(deployed: dict[str, dict[str, Any]]) -> None:
    for name in ("encrypt", "rotate-keys", "verify", "rollback"):
        assert deployed[name]["global_concurrency_limit"]["limit"] == 1
        assert deployed[name]["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"


def test_where_prefect_would_begin_two_the_database_lets_one_change_keys(
    make_scene: Any,
) -> None:
    scene: Scene = make_scene()
    story = enrolled(scene, 20)
    seal_all(story)
    with scene.library() as (_, store):
        schema.migrate(store)
        with hold_keys(store):
            ended = scene.command_line.run("rotate", READY, "--json")
            refused = scene.command_line.run("keys", "stage")

    assert (ended.code, ended.document["outcome"]) == (3, "refused")
    assert missing(("another run is working on the data keys",), ended.document["message"]) == []
    assert "another run is working on the data keys" in sentence(refused, 3)
    assert story.keys() == {"1": "active"}
