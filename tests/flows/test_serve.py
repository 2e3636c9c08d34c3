"""`reseal serve` on a real Prefect server: what it starts, what its runs do, how all of it ends."""

import json
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from flows.children import children
from flows.options import EncryptOptions
from flows.server import free_port
from tests.browser.chromium import browsing, look_at_url, need_chromium
from tests.flows.scene import ASKING_SECONDS, Scene, wait_until
from tests.flows.sentences import sentence

pytestmark = pytest.mark.slow

USERS, OTHERS = 40, 7
SHIPPED = {"encrypt", "check", "rotate-keys", "verify", "watch-health", "residue", "optimise"}
SHIPPED |= {"rollback", "retire-key", "rotate-fleet"}
FORM = "/deployments/deployment/{}/run"
HAS_RUNS = "SELECT to_regclass('reseal.run')"
AT_WORK = "SELECT count(*)::int FROM reseal.run WHERE outcome IS NULL"


@dataclass(frozen=True)
class Served:
    """A `reseal serve` that is up, and what it has said of itself."""

    scene: Scene
    process: subprocess.Popen[str]
    document: dict[str, Any]

    def start(self, name: str, **options: Any) -> str:
        """Start a run of a deployment, as the form does; return its id."""
        (one,) = (each for each in self.document["deployments"] if each["name"] == name)
        asked = {"parameters": {"options": options}, "state": {"type": "SCHEDULED"}}
        return str(self.scene.api(f"deployments/{one['id']}/create_flow_run", asked)["id"])

    def schedules(self, name: str, **options: Any) -> tuple[str, str]:
        """Have a deployment run by itself; return its id, and that of its first run.

        That is some seconds off, as the server looks for changed deployments every few seconds;
        where it is too busy for that, the one after it is the first.
        """
        (one,) = (each for each in self.document["deployments"] if each["name"] == name)
        begins = datetime.now(UTC) + timedelta(seconds=12)
        schedule = {"interval": 45, "anchor_date": begins.isoformat()}
        own = {"schedule": schedule, "parameters": {"options": options}}
        self.changes(f"deployments/{one['id']}", "PATCH", {"schedules": [own]})
        runs = {"deployments": {"id": {"any_": [one["id"]]}}, "sort": "EXPECTED_START_TIME_ASC"}
        wait_until(lambda: self.scene.api("flow_runs/filter", runs), rest=ASKING_SECONDS)
        (first, *_) = self.scene.api("flow_runs/filter", runs)
        return one["id"], str(first["id"])

    def changes(self, path: str, method: str, asked: dict[str, Any]) -> None:
        """Change or delete something by Prefect's API."""
        url, headers = f"{self.scene.prefect_api}/{path}", {"Content-Type": "application/json"}
        asking = urllib.request.Request(url, json.dumps(asked).encode(), headers, method=method)
        urllib.request.urlopen(asking, timeout=30).close()

    def run(self, run_id: str) -> dict[str, Any]:
        """What Prefect knows of a run."""
        found: dict[str, Any] = self.scene.api(f"flow_runs/{run_id}")
        return found

    def ended(self, run_id: str) -> dict[str, Any]:
        """Wait for the end of a run; return what Prefect knows of it."""
        ends = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
        wait_until(lambda: self.run(run_id)["state_type"] in ends, 240, ASKING_SECONDS)
        return self.run(run_id)

    def artifacts(self, run_id: str) -> dict[str, dict[str, Any]]:
        """The artifacts of a run by key."""
        return {one["key"]: one for one in self.scene.of_run("artifacts", run_id)}


def cold(scene: Scene) -> Any:
    """The command line as an interpreter of its own, as it stays and is asked to end."""
    return replace(scene.command_line, is_cold=True)


def put_target(scene: Scene, name: str, database: str) -> str:
    """Make a block as the UI does; return its id."""
    kind = scene.api("block_types/slug/reseal-target")
    chosen = {"block_schemas": {"block_type_id": {"any_": [kind["id"]]}}}
    (schema, *_) = scene.api("block_schemas/filter", chosen)
    keys = {"kek": "env:TEST_KEK", "backup_kek": "env:TEST_BACKUP_KEK"}
    made = {
        "name": name,
        "data": {"database_url": database, **keys},
        "block_type_id": kind["id"],
        "block_schema_id": schema["id"],
    }
    return str(scene.api("block_documents/", made)["id"])


@pytest.fixture(scope="module")
def served(make_scene: Callable[[], Scene]) -> Iterator[Served]:
    scene = make_scene()
    scene.enrol(["JBSWY3DPEHPK3PXP"] * USERS)
    process = cold(scene).start("serve", "--json")
    try:
        yield Served(scene, process, json.loads(process.stdout.readline()))
    finally:
        process.terminate()
        process.communicate(timeout=120)


@pytest.fixture(scope="module")
def elsewhere(served: Served, make_scene: Callable[[], Scene]) -> Iterator[tuple[Scene, str]]:
    """Another database, and a run of it that a schedule begins."""
    other = make_scene()
    other.enrol(["JBSWY3DPEHPK3PXP"] * OTHERS)
    block = put_target(served.scene, "shop", other.database)
    deployment, run_id = served.schedules("check", mode="validate-only", target="shop")
    yield other, run_id
    served.changes(f"deployments/{deployment}", "PATCH", {"schedules": []})
    served.changes(f"block_documents/{block}", "DELETE", {})


@pytest.fixture(scope="module")
def paused(served: Served, elsewhere: tuple[Scene, str]) -> str:
    """A run that holds its field and waits; with one of another database, as each takes a while."""
    wish = served.scene.directory / ".reseal" / "pause"
    wish.touch()
    return served.start("encrypt", mode="aggressive")


def test_it_says_where_everything_is_once_it_is_up(served: Served):
    document = served.document

    assert document["api"] == served.scene.prefect_api
    assert f"{document['ui']}/api" == document["api"]
    assert {one["name"] for one in document["deployments"]} >= SHIPPED
    assert Path(document["worker_log"]).is_file()


def test_the_server_refuses_what_a_flow_does_not_take(served: Served, paused: str):
    for wrong in ({"mode": "reckless"}, {"speed": 3}, {"approval_seconds": 0}):
        with pytest.raises(urllib.error.HTTPError, match="409"):
            served.start("encrypt", **wrong)


def test_the_form_shows_every_option_and_asks_nobody_else(served: Served, paused: str):
    (encrypt,) = (one for one in served.document["deployments"] if one["name"] == "encrypt")
    with browsing(need_chromium(), but="127.0.0.1") as browser:
        seen = look_at_url(browser, f"{served.document['ui']}{FORM.format(encrypt['id'])}")
        for name in EncryptOptions.model_fields:
            asked = name.replace("_", " ").title()
            seen.page.get_by_text(f"{asked} (Optional)").wait_for()
        hosts = {urlsplit(url).netloc for url in seen.requests if url.startswith("http")}

    assert hosts == {urlsplit(served.document["ui"]).netloc}


def test_a_schedule_begins_a_run_by_itself(
    served: Served, elsewhere: tuple[Scene, str], paused: str
):
    ended = served.ended(elsewhere[1])

    assert (ended["auto_scheduled"], ended["created_by"]["type"]) == (True, "SCHEDULE")
    assert ended["start_time"] > ended["expected_start_time"]


def test_a_run_of_a_target_is_called_so_and_leads_to_its_report(
    served: Served, elsewhere: tuple[Scene, str], paused: str
):
    other, run_id = elsewhere
    ended = served.ended(run_id)

    assert ended["state_name"] == "Completed", ended["state"]["message"]
    assert ended["name"].startswith("encrypt users.mfa_secret validate-only on shop 20")
    assert ended["parameters"]["options"] == {"mode": "validate-only", "target": "shop"}
    artifacts = served.artifacts(run_id)
    (census,) = json.loads(artifacts["census"]["data"])
    assert census["plain"] == OTHERS
    report = f"{served.document['evidence']}/{run_id}/report.html"
    assert f"[report]({report})" in artifacts["summary"]["data"]
    with urllib.request.urlopen(report, timeout=10) as page:
        assert run_id.encode() in page.read()
    assert other.database not in json.dumps([ended, artifacts])


def test_told_to_end_it_stops_its_runs_at_a_batch_boundary_first(served: Served, paused: str):
    scene = served.scene
    wait_until(lambda: scene.ask(HAS_RUNS) and scene.ask(AT_WORK), 120)
    (worker,) = children(served.process.pid)
    served.process.send_signal(signal.SIGTERM)
    _, err = served.process.communicate(timeout=120)

    assert served.process.returncode == 0, err
    assert children(worker) == set()
    ended = served.run(paused)
    assert ended["name"].startswith("encrypt users.mfa_secret aggressive 20")
    assert (ended["state_type"], ended["state_name"]) == ("CANCELLED", "Stopped")
    assert scene.ask("SELECT outcome FROM reseal.run WHERE run_id = %s", paused) == "stopped"
    assert (scene.directory / "evidence" / paused / "report.html").is_file()


def test_what_keeps_it_from_serving_is_told_in_a_sentence(make_scene: Callable[[], Scene]):
    scene = make_scene()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = cold(scene).run("serve", "--port", port, PREFECT_API_URL="")
    assert f"port {port} of 127.0.0.1" in sentence(refused, 2)
    both = scene.command_line.run("serve", "--port", port)
    assert "leave one out" in sentence(both, 2)
    no_key = scene.command_line.run("serve", RESEAL_KEK="", PREFECT_API_URL="")
    assert "RESEAL_KEK is not set" in sentence(no_key, 2)
    nowhere = scene.command_line.run("serve", "--config", "nowhere.toml", PREFECT_API_URL="")
    assert "nowhere.toml" in sentence(nowhere, 2)
