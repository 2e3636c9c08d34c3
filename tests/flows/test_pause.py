"""A run that is paused holds nothing up, goes on when it is let, and stops when it is told."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

import pytest

from tests.flows.conftest import Ended
from tests.flows.forked import Started
from tests.flows.scene import Scene, wait_until
from tests.flows.test_stop import ENVELOPES, SLOW

pytestmark = pytest.mark.slow

USERS = 20_000
# A batch is a tenth of a second here, and a pause is looked for twice a second.
MOST_SECONDS = 5

BUSY = """
SELECT count(*) FROM pg_stat_activity
WHERE application_name LIKE 'reseal run %' AND (state <> 'idle' OR xact_start IS NOT NULL)
"""


@dataclass
class Work:
    """A careful run on a database that takes its time."""

    scene: Scene
    process: Started

    def says(self, *words: str) -> Ended:
        return self.scene.command_line.run(*words, "--json")

    @property
    def sealed(self) -> int:
        return int(self.scene.ask(ENVELOPES))

    def ended(self) -> Ended:
        out, err = self.process.communicate(timeout=120)
        return Ended(self.process.wait(), out, err)

    def rests(self) -> bool:
        """Whether nothing was sealed for a second, and no session of the run is in anything."""
        before = self.sealed
        sleep(1)
        return self.sealed == before and self.scene.ask(BUSY) == 0


@pytest.fixture
def work(make_scene: Callable[[], Scene]) -> Iterator[Work]:
    scene = make_scene()
    scene.enrol("JBSWY3DPEHPK3PXP" for _ in range(USERS))
    with scene.connect() as connection:
        connection.execute(SLOW)
    process = scene.command_line.start("encrypt", "--safe", "--json")
    wait_until(lambda: scene.ask(ENVELOPES) > USERS / 20 or process.poll() is not None)
    yield Work(scene, process)
    if process.poll() is None:
        process.kill()
        process.wait()


def test_a_paused_run_holds_nothing_and_goes_on_when_it_is_let(work: Work) -> None:
    asked = work.says("pause")
    assert (asked.code, asked.document["asked"]) == (0, "pause"), asked.err
    told = monotonic()
    wait_until(work.rests)
    assert monotonic() - told < MOST_SECONDS
    assert work.sealed < USERS

    waiting = work.says("status").document["at_work"]
    assert [(one["request"], one["run_id"]) for one in waiting] == [
        ("pause", asked.document["runs"][0]["run_id"])
    ]
    with work.scene.connect() as connection:
        connection.execute("DROP TRIGGER slow ON users")
    assert work.says("resume").code == 0
    ended = work.ended()
    assert (ended.code, ended.document["outcome"]) == (0, "done"), ended.err
    assert work.sealed == USERS
    assert _decisions(work, ended)[:2] == ["paused, as a person asked", "goes on after a pause"]


def test_a_paused_run_can_be_stopped(work: Work) -> None:
    work.says("pause")
    wait_until(work.rests)
    assert work.says("stop").code == 0
    ended = work.ended()
    assert (ended.code, ended.document["outcome"]) == (6, "stopped"), ended.err
    assert 0 < work.sealed < USERS


def test_a_file_in_the_state_directory_pauses_too_and_prefect_can_cancel(work: Work) -> None:
    flag = work.scene.directory / ".reseal" / "pause"
    flag.parent.mkdir(exist_ok=True)
    flag.touch()
    wait_until(work.rests)
    flag.unlink()
    before = work.sealed
    wait_until(lambda: work.sealed > before)
    (at_work,) = work.says("status").document["at_work"]
    run = f"flow_runs/{at_work['run_id']}"
    work.scene.api(f"{run}/set_state", {"state": {"type": "CANCELLING"}})
    assert work.ended().code == 6
    assert work.scene.api(run)["state"]["type"] == "CANCELLED"


def test_a_panic_ends_the_run_at_once_and_it_goes_on_later(work: Work) -> None:
    asked = work.says("panic")
    told = monotonic()
    assert asked.code == 0
    ended = work.ended()
    assert ended.code in (1, 6), ended.err
    assert monotonic() - told < MOST_SECONDS * 2
    with work.scene.connect() as connection:
        connection.execute("DROP TRIGGER slow ON users")
    again = work.scene.command_line.run("encrypt", "--json")
    assert again.document["outcome"] == "done"
    assert work.sealed == USERS


def test_where_nothing_runs_nothing_can_be_paused(make_scene: Callable[[], Scene]) -> None:
    scene = make_scene()
    for command in ("pause", "resume", "stop", "panic"):
        ended = scene.command_line.run(command)
        assert ended.code == 3
        assert "no run is at work" in ended.err


def _decisions(work: Work, ended: Ended) -> list[Any]:
    pacing = work.scene.directory / ended.document["evidence"] / "pacing.json"
    # What the server led to is another matter.
    decisions = json.loads(pacing.read_text())["decisions"]
    return [one["what"] for one in decisions if "signal" not in one]
