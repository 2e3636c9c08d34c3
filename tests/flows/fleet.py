"""The verbs of tests with several databases and several workers, on one real Prefect server."""

import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flows.children import children
from flows.local_worker import LocalWorker
from flows.server import free_port
from tests.flows.conftest import CommandLine, Ended
from tests.flows.scene import ASKING_SECONDS, Scene, wait_until

POOL = "fleet"
ENDS = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
# The target that leads to a database which nobody serves.
GONE = "gone"


@dataclass
class Fleet:
    """Databases by the names of their targets, and the directory in which workers run."""

    home: Scene
    scenes: Mapping[str, Scene]
    deployments: dict[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a worker: every key, and no database of its own."""
        own = {**self.home.command_line.environment, "RESEAL_DATABASE_URL": ""}
        for name, scene in self.scenes.items():
            for word in ("TEST_KEK", "TEST_BACKUP_KEK"):
                own[f"{name.upper()}_{word}"] = scene.command_line.environment[word]
        looks = {"PREFECT_WORKER_QUERY_SECONDS": "1", "PREFECT_RUNNER_POLL_FREQUENCY": "1"}
        return {**own, **looks, "RESEAL_HOME": str(self.home.directory)}

    @property
    def command_line(self) -> CommandLine:
        """The command line of somebody who has Prefect's server and nothing else."""
        return replace(self.home.command_line, environment=self.variables)

    def rotates(self, *words: str, **environment: str) -> Ended:
        """Run `reseal rotate-fleet`."""
        return self.command_line.run("rotate-fleet", *words, timeout=300, **environment)

    def target(self, name: str) -> dict[str, str]:
        """What the block of a target holds; one has a database where nobody listens."""
        nobody = f"postgresql://runner:{GONE}@127.0.0.1:{free_port()}/{GONE}"
        scene = self.scenes.get(name)
        keys = {"kek": "TEST_KEK", "backup_kek": "TEST_BACKUP_KEK"}
        prefix = f"{name.upper()}_" if scene else ""
        return {
            "database_url": scene.database if scene else nobody,
            "evidence": str(self.evidence(name)),
            **{word: f"env:{prefix}{variable}" for word, variable in keys.items()},
        }

    def evidence(self, name: str) -> Path:
        """Where the runs of a target leave their records."""
        return self.home.directory / "evidence" / name

    def deploys(self, *names: str) -> None:
        """Make a target for each database and one for none, and these deployments."""
        targets = {name: self.target(name) for name in (*self.scenes, GONE)}
        asked = {"pool": POOL, "targets": targets, "deployments": names}
        own = replace(self.command_line, program="tests.flows.deploying")
        ended = own.run(json.dumps(asked), timeout=120)
        assert ended.code == 0, ended.err
        chosen = {"deployments": {"name": {"any_": list(names)}}}
        found = self.home.api("deployments/filter", chosen)
        self.deployments = {one["name"]: one["id"] for one in found}

    def removes_all(self) -> None:
        """Take targets and deployments away: other tests look at what the server has."""
        for deployment in self.deployments.values():
            self._delete(f"deployments/{deployment}")
        for block in self.home.api("block_types/slug/reseal-target/block_documents"):
            self._delete(f"block_documents/{block['id']}")
        self._delete(f"work_pools/{POOL}")

    def _delete(self, path: str) -> None:
        url = f"{self.home.prefect_api}/{path}"
        wait_until(lambda: is_deleted(url), 30)

    def starts(self, name: str) -> str:
        """Start a run of a deployment, as the button does; return its id."""
        asked = {"state": {"type": "SCHEDULED"}}
        path = f"deployments/{self.deployments[name]}/create_flow_run"
        return str(self.home.api(path, asked)["id"])

    def run(self, run_id: str) -> dict[str, Any]:
        """What Prefect knows of a run."""
        found: dict[str, Any] = self.home.api(f"flow_runs/{run_id}")
        return found

    def ended(self, run_id: str) -> dict[str, Any]:
        """Wait for the end of a run; return what Prefect knows of it."""
        wait_until(lambda: self.run(run_id)["state_type"] in ENDS, 240, ASKING_SECONDS)
        return self.run(run_id)

    def says(self, run_id: str, state: str) -> None:
        """Say what has become of a run, as whoever knows that its machine is gone does."""
        said = {"state": {"type": state, "message": "says who knows"}, "force": True}
        self.home.api(f"flow_runs/{run_id}/set_state", said)

    def states(self, name: str) -> list[str]:
        """In which states the runs of a deployment are."""
        asked = {"deployments": {"id": {"any_": [self.deployments[name]]}}}
        return [run["state_type"] for run in self.home.api("flow_runs/filter", asked)]

    @contextmanager
    def place_taken(self, name: str) -> Iterator[Callable[[], None]]:
        """Take the one place of a deployment, until it is given back."""
        asked = {"names": [f"deployment:{self.deployments[name]}"], "slots": 1}
        assert self.home.api("v2/concurrency_limits/increment", asked)
        with ExitStack() as stack:
            stack.callback(self.home.api, "v2/concurrency_limits/decrement", asked)
            yield stack.close

    @contextmanager
    def worker(self, name: str) -> Iterator[LocalWorker]:
        """Have a worker of the pool at work for the block."""
        worker = LocalWorker(POOL, self.home.directory / f"{name}.log", self.variables)
        try:
            worker.wait()
            yield worker
        finally:
            worker.close()


@contextmanager
def fleet_of(make_scene: Callable[[], Scene], *names: str) -> Iterator[Fleet]:
    """Databases of these names, which no target leads to yet."""
    with ExitStack() as stack:
        fleet = Fleet(make_scene(), {name: make_scene() for name in names})
        stack.callback(fleet.removes_all)
        yield fleet


def is_deleted(url: str) -> bool:
    """Delete what is at a URL of Prefect's API; say whether it was not too busy for it."""
    try:
        urllib.request.urlopen(urllib.request.Request(url, method="DELETE"), timeout=30).close()
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
            raise
        return False
    return True


def kill_all_of(pid: int) -> None:
    """Kill a process and all that it and those have started, as a machine does that loses power."""
    tree = [pid]
    for process in tree:
        tree += children(process)
    for process in tree:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
