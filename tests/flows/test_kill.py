"""kill -9 at random moments, a runner that sleeps through a takeover, a worker that dies."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import psutil  # type: ignore[import-untyped]
import pytest

from tests.chaos.campaign import Campaign
from tests.flows.forked import Started
from tests.flows.scene import Scene, together, wait_until

pytestmark = pytest.mark.slow

# Chosen once and written down: whoever wants other moments runs `make chaos`.
SEEDS, KILLS, ROWS = (1905, 2026), 10, 6000
USERS = 20_000
SEED_TEXT = "JBSWY3DPEHPK3PXP"

RUNNING = "SELECT max(run_id::text) FROM reseal.run WHERE outcome IS NULL"
WRITTEN = "SELECT coalesce(sum(changed), 0)::int FROM reseal.batch WHERE run_id = %s"
NEWEST = "SELECT coalesce(max(batch_id), 0) FROM reseal.batch WHERE run_id = %s"
# All sessions of a run: the one that holds the lock, and the workers' own.
CUT = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'reseal run ' || %s
"""


def test_nothing_is_lost_however_often_a_run_is_killed(make_scene: Callable[[], Scene]) -> None:
    said: list[str] = []
    campaigns = [
        Campaign(make_scene(), KILLS // len(SEEDS), ROWS, seed, said.append) for seed in SEEDS
    ]

    # At once, because a run that is killed has spent most of its time on starting.
    verdicts = together(*(campaign.fight for campaign in campaigns))
    assert all(verdict.is_won for verdict in verdicts), "\n".join(said)


@pytest.fixture
def scene(make_scene: Callable[[], Scene]) -> Scene:
    """Users who all hold plaintext."""
    scene = make_scene()
    scene.enrol(SEED_TEXT for _ in range(USERS))
    return scene


@contextmanager
def sealing(scene: Scene) -> Iterator[tuple[Started, str]]:
    """A careful run amid its sealing, and its id; it is ended with the block.

    Started as a person starts it: who stops and dies here is no copy of another process.
    """
    process = replace(scene.command_line, is_cold=True).start("encrypt", "--safe", "--json")
    try:
        wait_until(lambda: scene.ask("SELECT to_regclass('reseal.control') IS NOT NULL"))
        wait_until(lambda: scene.ask(RUNNING))
        run_id = str(scene.ask(RUNNING))
        wait_until(lambda: scene.ask(WRITTEN, run_id) > USERS / 10)
        yield process, run_id
    finally:
        for one in family(process):
            one.kill()
        process.communicate()


def family(process: Started) -> list[psutil.Process]:
    """A runner and its workers."""
    if process.poll() is not None:
        return []
    runner = psutil.Process(process.pid)
    return [runner, *runner.children(recursive=True)]


def signal_all(processes: list[psutil.Process], number: signal.Signals) -> None:
    for one in processes:
        os.kill(one.pid, number)


def test_a_runner_that_slept_through_a_takeover_writes_nothing_more(scene: Scene) -> None:
    with sealing(scene) as (process, run_id):
        asleep = family(process)
        signal_all(asleep, signal.SIGSTOP)
        scene.ask(CUT, run_id)

        taken_over = scene.command_line.run("encrypt", "--json")
        newest, sealed = scene.ask(NEWEST, run_id), scene.sealed()
        signal_all(asleep, signal.SIGCONT)
        out, err = process.communicate(timeout=120)

    assert taken_over.code == 0, taken_over.err
    assert len(sealed) == USERS
    assert process.returncode == 1, err
    document = json.loads(out)
    assert document["outcome"] == "failed"
    assert "took over" in document["message"]
    assert (scene.ask(NEWEST, run_id), scene.sealed()) == (newest, sealed)
    assert set(scene.opened().values()) == {SEED_TEXT}


def test_a_worker_that_is_killed_fails_the_run_and_the_next_one_goes_on(scene: Scene) -> None:
    with sealing(scene) as (process, _):
        # Forked by a server, which is the runner's child.
        worker = next(one for one in family(process)[1:] if one.ppid() != process.pid)
        worker.kill()
        out, err = process.communicate(timeout=60)

    assert process.returncode == 1, err
    assert "a worker process was killed" in json.loads(out)["message"]
    ended = scene.command_line.run("encrypt", "--json")
    assert ended.code == 0, ended.err
    assert len(scene.sealed()) == USERS
    assert set(scene.opened().values()) == {SEED_TEXT}
