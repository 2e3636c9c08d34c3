"""Whoever works the spans off, a pause and a stop reach it, also where an operator has the cluster.

By `make runners`: it takes a minute or two, and its name keeps it out of the suite.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.flows.conftest import BRISK
from tests.flows.scene import Scene, wait_until
from tests.flows.test_pause import MOST_SECONDS, USERS, Work
from tests.flows.test_stop import SLOW

pytestmark = pytest.mark.slow

# The run tells others of its pace every two seconds only.
_TELLS_SECONDS = 4


@contextmanager
def cluster(scene: Scene) -> Iterator[str]:
    """A scheduler and a worker as an operator starts them, in the environment of a command."""
    found = scene.directory / "scheduler.json"
    local = ["--host", "127.0.0.1", "--no-dashboard"]
    with ExitStack() as stack:
        stack.enter_context(started(scene, "scheduler", [*local, "--scheduler-file", str(found)]))
        wait_until(lambda: found.exists() and found.read_text().endswith("}"))
        stack.enter_context(
            started(scene, "worker", ["--scheduler-file", str(found), "--nthreads", "1", *local])
        )
        yield str(json.loads(found.read_text())["address"])


@contextmanager
def started(scene: Scene, what: str, words: list[str]) -> Iterator[None]:
    with Path(scene.directory / f"{what}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", what, *words],
            cwd=scene.directory,
            env=scene.command_line.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(params=["processes", "dask", "a Dask cluster of an operator's"])
def work(request: pytest.FixtureRequest, make_scene: Callable[[], Scene]) -> Iterator[Work]:
    """A careful run by one of them, well under way."""
    scene, runner = make_scene(), request.param
    scene.enrol("JBSWY3DPEHPK3PXP" for _ in range(USERS))
    with scene.connect() as connection, ExitStack() as stack:
        connection.execute(SLOW)
        said = f'run.runner = "{runner}"'
        if " " in runner:
            address = stack.enter_context(cluster(scene))
            said = f'run.runner = "dask"\nrun.scheduler = "{address}"'
        scene.command_line.write_config(f"{said}\n{BRISK}")
        work = Work.begun(scene)
        yield work
        if work.process.poll() is None:
            work.process.kill()
            work.process.wait()


def test_a_pause_and_a_stop_reach_it_and_the_next_run_ends_it(work: Work) -> None:
    assert work.says("pause").code == 0
    wait_until(work.rests, MOST_SECONDS + _TELLS_SECONDS)
    assert work.says("resume").code == 0
    work.goes_on()
    assert work.says("stop").code == 0
    ended = work.ended()
    assert (ended.code, ended.document["outcome"]) == (6, "stopped"), ended.err
    assert 0 < work.sealed < USERS
    with work.scene.connect() as connection:
        connection.execute("DROP TRIGGER slow ON users")
    again = work.says("encrypt")
    assert (again.code, work.sealed) == (0, USERS), again.err
