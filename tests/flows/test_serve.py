"""`reseal serve` on a real Prefect server: what it starts, what its runs do, how all of it ends."""

import json
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from flows.children import children
from flows.server import free_port
from tests.flows.scene import Scene, wait_until
from tests.flows.sentences import sentence

pytestmark = pytest.mark.slow

USERS = 40
SHIPPED = {"encrypt", "check", "rotate-keys", "verify", "watch-health", "residue", "optimise"}
SHIPPED |= {"rollback", "retire-key"}
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

    def run(self, run_id: str) -> dict[str, Any]:
        """What Prefect knows of a run."""
        found: dict[str, Any] = self.scene.api(f"flow_runs/{run_id}")
        return found

    def ended(self, run_id: str) -> dict[str, Any]:
        """Wait for the end of a run; return what Prefect knows of it."""
        ends = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
        wait_until(lambda: self.run(run_id)["state_type"] in ends, 120)
        return self.run(run_id)

    def artifacts(self, run_id: str) -> dict[str, dict[str, Any]]:
        """The artifacts of a run by key."""
        return {one["key"]: one for one in self.scene.of_run("artifacts", run_id)}


def cold(scene: Scene) -> Any:
    """The command line as an interpreter of its own, as it stays and is asked to end."""
    return replace(scene.command_line, is_cold=True)


def put_target(scene: Scene, name: str, other: Scene) -> str:
    """Make a block as the UI does; return its id."""
    kind = scene.api("block_types/slug/reseal-target")
    chosen = {"block_schemas": {"block_type_id": {"any_": [kind["id"]]}}}
    (schema, *_) = scene.api("block_schemas/filter", chosen)
    environment = other.command_line.environment
    data = {
        "database_url": other.database,
        "kek": "env:TEST_KEK",
        "backup_kek": "env:TEST_BACKUP_KEK",
        "evidence": str(other.directory / "evidence"),
    }
    made = {
        "name": name,
        "data": data,
        "block_type_id": kind["id"],
        "block_schema_id": schema["id"],
    }
    assert environment["RESEAL_DATABASE_URL"] == other.database
    return str(scene.api("block_documents/", made)["id"])


@pytest.fixture(scope="module")
def served(make_scene: Callable[[], Scene]) -> Iterator[Served]:
    scene = make_scene()
    scene.enrol("JBSWY3DPEHPK3PXP" for _ in range(USERS))
    process = cold(scene).start("serve", "--json")
    try:
        document = json.loads(process.stdout.readline())
        yield Served(scene, process, document)
    finally:
        process.terminate()
        process.communicate(timeout=120)


def test_it_says_where_everything_is_once_it_is_up(served: Served):
    document = served.document

    assert document["api"] == served.scene.prefect_api
    assert f"{document['ui']}/api" == document["api"]
    assert {one["name"] for one in document["deployments"]} >= SHIPPED
    assert Path(document["worker_log"]).is_file()


def test_a_run_is_called_after_what_it_does_and_leads_to_its_report(served: Served):
    run_id = served.start("encrypt", mode="aggressive")
    ended = served.ended(run_id)

    assert ended["state_name"] == "Completed", ended["state"]["message"]
    assert ended["name"].startswith("encrypt users.mfa_secret aggressive 20")
    assert len(served.scene.sealed()) == USERS
    artifacts = served.artifacts(run_id)
    assert artifacts["progress"]["data"] == 100.0
    report = f"{served.document['evidence']}/{run_id}/report.html"
    assert f"[report]({report})" in artifacts["summary"]["data"]
    assert "Data Docs" in artifacts["summary"]["data"]
    with urllib.request.urlopen(report, timeout=10) as page:
        assert run_id.encode() in page.read()


def test_the_form_refuses_what_a_flow_does_not_take(served: Served):
    for wrong in ({"mode": "reckless"}, {"speed": 3}, {"approval_seconds": 0}):
        with pytest.raises(urllib.error.HTTPError, match="409"):
            served.start("encrypt", **wrong)


def test_a_target_is_another_database_with_other_keys(
    served: Served, make_scene: Callable[[], Scene]
):
    other = make_scene()
    block = put_target(served.scene, "shop", other)
    ended = served.ended(run_id := served.start("check", mode="validate-only", target="shop"))
    request = urllib.request.Request(
        f"{served.scene.prefect_api}/block_documents/{block}", method="DELETE"
    )
    urllib.request.urlopen(request, timeout=30).close()

    assert ended["name"].startswith("encrypt users.mfa_secret validate-only on shop 20")
    assert ended["parameters"]["options"] == {"mode": "validate-only", "target": "shop"}
    # It has no row, and the evidence is its own.
    assert (other.directory / "evidence" / run_id / "preflight.json").is_file()
    assert other.database not in json.dumps(ended)


def test_told_to_end_it_stops_its_runs_at_a_batch_boundary_first(served: Served):
    scene = served.scene
    wish = scene.directory / ".reseal" / "pause"
    wish.touch()
    run_id = served.start("rotate-keys", mode="safe", assume_readers_ready=True)
    wait_until(lambda: scene.ask(AT_WORK), 120)
    (worker,) = children(served.process.pid)
    served.process.send_signal(signal.SIGTERM)
    _, err = served.process.communicate(timeout=120)

    assert served.process.returncode == 0, err
    assert children(worker) == set()
    ended = served.run(run_id)
    assert (ended["state_type"], ended["state_name"]) == ("CANCELLED", "Stopped")
    assert scene.ask("SELECT outcome FROM reseal.run WHERE run_id = %s", run_id) == "stopped"
    assert (scene.directory / "evidence" / run_id / "report.html").is_file()


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
