"""`watch_health` on a real Prefect server: events, automations, artifacts; and `reseal health`."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from reseal.health import watch
from tests.conftest import SENTINEL
from tests.flows.scene import FIELD, Scene, wait_until
from tests.flows.test_schedule import asked, prefect

pytestmark = pytest.mark.slow

AUTOMATIONS = "deployments/automations.yaml"


@pytest.fixture(scope="module")
def scene(make_scene: Callable[[], Scene]) -> Scene:
    """Users whose secrets are sealed, but for one envelope that is another row's."""
    made = make_scene()
    made.enrol([SENTINEL] * 20)
    assert made.command_line.run("encrypt", "--json").code == 0
    swap(made, 1, made.sealed()[2])
    return made


def swap(scene: Scene, row: int, text: str) -> None:
    with scene.connect() as connection:
        connection.execute("UPDATE users SET mfa_secret = %s WHERE id = %s", [text, row])


def watch_often(scene: Scene, looks: int) -> None:
    watching = replace(scene.command_line, program="tests.flows.watch_often")
    ended = watching.run(str(looks))
    assert ended.code == 0, ended.err
    assert SENTINEL not in ended.out + ended.err


@pytest.fixture(scope="module")
def watched(scene: Scene) -> Scene:
    """The scene after two looks and, once the envelope is back, after two more."""
    right = scene.seal(1, SENTINEL)
    watch_often(scene, 2)
    swap(scene, 1, right)
    watch_often(scene, 2)
    return scene


def events(scene: Scene) -> list[dict[str, Any]]:
    """The events of our alerts that the server has, in their order."""
    chosen = {"filter": {"event": {"prefix": ["reseal.alert"]}}, "limit": 50}
    found = asked(scene.prefect_api, "events/filter", chosen)["events"]
    ours = [one for one in found if one["resource"]["reseal.database"] in scene.database]
    return sorted(ours, key=lambda one: str(one["occurred"]))


def test_each_change_of_an_alert_is_one_event(watched: Scene) -> None:
    wait_until(lambda: len(events(watched)) >= 2)
    told = [(one["event"], one["payload"]["alert"]) for one in events(watched)]

    what = "envelope-will-not-open"
    assert told == [("reseal.alert.raised", what), ("reseal.alert.cleared", what)]
    (first, _) = events(watched)
    assert first["resource"]["reseal.severity"] == "incident"
    assert first["resource"]["prefect.resource.id"].endswith(f"{what}.{FIELD}")
    with watched.library() as (_, store):
        assert watch.untold(store) == []


def test_a_look_shows_its_terms_and_the_last_day(watched: Scene) -> None:
    found = asked(watched.prefect_api, "artifacts/filter", {"sort": "CREATED_DESC"})
    kinds = {one["key"]: one for one in reversed(found) if one["key"] and "health" in one["key"]}

    assert {row["name"] for row in json.loads(kinds["health"]["data"])} >= {"integrity", "pool"}
    assert kinds["health-trends"]["data"].startswith("data:image/svg+xml")


def test_the_command_tells_score_terms_and_alerts_and_writes_nothing(watched: Scene) -> None:
    counted = "SELECT count(*) FROM reseal.sample"
    before = watched.ask(counted)
    ended = watched.command_line.run("health", "--json")

    assert ended.code == 0, ended.err
    document = ended.document
    assert document["score"] == 100
    assert document["alerts"] == []
    assert sum(term["weight"] for term in document["terms"]) == document["out_of"] == 100
    assert watched.ask(counted) == before
    shown = watched.command_line.run("health")
    assert (shown.code, "no alert is raised" in shown.err) == (0, True)


def test_alerts_that_are_raised_are_told_and_end_with_zero(watched: Scene) -> None:
    with watched.connect() as connection:
        connection.execute("UPDATE reseal.alert SET is_raised = true")
    ended = watched.command_line.run("health", "--json")

    assert ended.code == 0
    assert [one["name"] for one in ended.document["alerts"]] == ["envelope-will-not-open"]


def test_the_automations_arrive_at_the_server(watched: Scene, prefect_home: Any) -> None:
    prefect(watched.prefect_api, prefect_home, "automation", "create", "--from-file", AUTOMATIONS)
    found = asked(watched.prefect_api, "automations/filter", {})

    names = {one["name"] for one in found}
    assert names >= {"reseal alerts to a webhook", "reseal incidents by e-mail"}
