"""`watch_health` on a real Prefect server: events, automations, artifacts; and `reseal health`."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from reseal.health import watch
from tests.conftest import SENTINEL
from tests.flows.scene import FIELD, Scene, wait_until
from tests.flows.test_schedule import PROJECT, asked, prefect

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
def pager() -> Iterator[HTTPServer]:
    """What pages somebody: a service that a webhook calls, and what it was told."""

    class Told(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            served.told.append(json.loads(body))  # type: ignore[attr-defined]
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    served = HTTPServer(("127.0.0.1", 0), Told)
    served.told = []  # type: ignore[attr-defined]
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield served
    served.shutdown()
    served.server_close()


@pytest.fixture(scope="module")
def automated(scene: Scene, pager: HTTPServer, prefect_home: Path) -> Scene:
    """The scene with an automation that calls the pager."""
    url = f"http://127.0.0.1:{pager.server_port}/"
    save = f"from prefect.blocks.webhook import Webhook; Webhook(url={url!r}).save('pager')"
    for words in (["-c", save], ["-m", "deployments.automations", "webhook/pager", "-"]):
        ended = python(scene, prefect_home, *words)
        assert ended.returncode == 0, ended.stderr
    return scene


def python(scene: Scene, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the checkout, on Prefect's server."""
    environment = {**os.environ, "PREFECT_API_URL": scene.prefect_api, "PREFECT_HOME": str(home)}
    return subprocess.run(
        [sys.executable, *words],
        cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def watched(automated: Scene) -> Scene:
    """The scene after two looks and, once the envelope is back, after two more."""
    scene = automated
    right = scene.seal(1, SENTINEL)
    watch_often(scene, 2)
    swap(scene, 1, right)
    watch_often(scene, 2)
    return scene


def events(scene: Scene) -> list[dict[str, Any]]:
    """The events of our alerts that the server has, in their order."""
    chosen = {"filter": {"event": {"prefix": ["reseal.alert"]}}, "limit": 50}
    found = asked(scene.prefect_api, "events/filter", chosen)["events"]
    name = conninfo_to_dict(scene.database)["dbname"]
    ours = [one for one in found if one["resource"]["reseal.database"] == name]
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


def test_the_automation_calls_who_is_to_be_paged_once_for_each(
    watched: Scene, pager: HTTPServer
) -> None:
    told: list[dict[str, Any]] = pager.told  # type: ignore[attr-defined]
    wait_until(lambda: len(told) >= 2)

    assert sorted(one["event"] for one in told) == ["reseal.alert.cleared", "reseal.alert.raised"]
    assert {one["alert"] for one in told} == {"envelope-will-not-open"}
    assert all(one["sentence"] and one["database"] in watched.database for one in told)


def test_a_block_that_is_not_there_is_named(scene: Scene, prefect_home: Path) -> None:
    ended = python(scene, prefect_home, "-m", "deployments.automations", "webhook/none", "-")

    assert ended.returncode == 1
    assert ended.stderr.strip().splitlines()[-1].startswith("there is no block webhook/none; ")


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
