"""Whoever works the spans off, the rows, the counts, the outcome and the record are the same."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from reseal.runner_policy import Runner
from tests.flows.conftest import CONFIG, Ended
from tests.flows.scene import FIELD, Scene, Stored, secrets, wait_until
from tests.flows.test_stop import ENVELOPES, SLOW

pytestmark = pytest.mark.slow

USERS = 2_000
# What becomes of rows; the rest of a field's part are seconds and sizes.
COUNTS = ("before", "after", "changed", "moved", "locked", "quarantined", "left_alone")
OUTCOMES = """
SELECT sum(rows_read)::int = sum(changed + moved + locked + settled + empty + quarantined
                                 + left_alone)::int AND max(pass) > 1 FROM reseal.batch
"""


@dataclass(frozen=True)
class Worked:
    """A run whose spans were worked off by some runner, and what stood in the table before."""

    scene: Scene
    before: Stored
    ended: Ended

    @property
    def counts(self) -> dict[str, Any]:
        part = self.ended.part(FIELD)
        return {name: part[name] for name in COUNTS}

    @property
    def record(self) -> set[str]:
        """The names of what the evidence holds."""
        bundle = self.scene.directory / self.ended.document["evidence"]
        names = (str(path.relative_to(bundle)) for path in bundle.rglob("*") if path.is_file())
        # Data Docs are below the id of the run and a moment.
        return {re.sub(r"/[0-9a-f-]{36}-|/\d{8}T[\d.]+Z/", "/", name) for name in names}


@pytest.fixture(scope="module")
def works(make_scene: Callable[[], Scene]) -> dict[Runner, Worked]:
    """The same rows by each of them."""
    return {runner: worked(make_scene(), runner) for runner in Runner}


def worked(scene: Scene, runner: Runner) -> Worked:
    before = scene.enrol(secrets(USERS, random.Random(7)))
    scene.command_line.write_config(f'[run]\nrunner = "{runner}"\nworkers = 2\n{CONFIG}')
    scene.command_line.program = "tests.flows.pickled"
    return Worked(scene, before, scene.command_line.run("encrypt", "--json"))


def test_the_same_is_sealed_and_counted_whichever_is_chosen(works: dict[Runner, Worked]) -> None:
    usual = works[Runner.THREADS]
    for runner, work in works.items():
        assert work.ended.code == 0, work.ended.err
        assert work.ended.document["outcome"] == "done"
        assert work.counts == usual.counts, runner
        assert work.scene.ask(OUTCOMES), runner
        assert work.scene.opened() == {key: text for key, text in work.before.items() if text}


def test_the_record_is_the_same_whichever_is_chosen(works: dict[Runner, Worked]) -> None:
    usual = works[Runner.THREADS]
    for runner, work in works.items():
        assert work.record == usual.record, runner
        assert task_names(work) == task_names(usual), runner


def test_nothing_but_the_progress_is_said(works: dict[Runner, Worked]) -> None:
    for runner, work in works.items():
        said = [line.split()[0] for line in work.ended.err.splitlines() if line.strip()]
        assert set(said) <= {"backup", "encrypt", "validate", "clean"}, (runner, work.ended.err)


def test_what_is_sent_to_other_processes_holds_no_key_no_secret_and_no_url(
    works: dict[Runner, Worked],
) -> None:
    for runner in (Runner.PROCESSES, Runner.DASK):
        work = works[runner]
        sent = (work.scene.directory / "pickled").read_bytes()
        variables = work.scene.command_line.environment
        hidden = [variables["TEST_KEK"], variables["TEST_BACKUP_KEK"], work.scene.database]
        assert work.ended.run_id.encode() in sent or runner.encode() in sent
        for text in [*hidden, *filter(None, work.before.values())]:
            assert text.encode() not in sent, runner


def task_names(work: Worked) -> list[str]:
    runs = work.scene.of_run("task_runs", work.ended.run_id)
    # What has no name of its own is called after its task and some letters.
    return sorted(re.sub(r"-[0-9a-f]{3}$", "", run["name"]) for run in runs)


def test_a_span_whose_process_dies_is_not_done_and_the_next_run_goes_on(
    make_scene: Callable[[], Scene],
) -> None:
    scene = make_scene()
    scene.enrol("JBSWY3DPEHPK3PXP" for _ in range(20_000))
    scene.command_line.write_config(f'[run]\nrunner = "processes"\n{CONFIG}')
    with scene.connect() as connection:
        connection.execute(SLOW)
    process = scene.command_line.start("encrypt", "--json")
    wait_until(lambda: scene.ask(ENVELOPES) or process.poll() is not None)
    child_of_the_pool(process.pid).kill()
    out, err = process.communicate(timeout=60)
    ended = Ended(process.wait(), out, err)
    assert (ended.code, ended.document["outcome"]) == (1, "failed"), err
    assert "a worker process was killed" in ended.document["message"]
    assert ended.part(FIELD)["changed"] == scene.ask(ENVELOPES) < 20_000


def child_of_the_pool(pid: int) -> psutil.Process:
    """A process that was spawned to work on spans."""
    return next(
        child
        for child in psutil.Process(pid).children(recursive=True)
        if "spawn_main" in " ".join(child.cmdline())
    )
