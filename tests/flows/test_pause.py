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
from tests.flows.statements import BUSY
from tests.flows.test_stop import ENVELOPES, SLOW

pytestmark = pytest.mark.slow

USERS = 20_000
# A batch is a tenth of a second here, and a pause is looked for twice a second.
MOST_SECONDS = 5


@dataclass
class Work:
    """A careful run on a database that takes its time."""

    scene: Scene
    process: Started

    @classmethod
    def begun(cls, scene: Scene) -> "Work":
        """Start it, and wait until it is well under way."""
        process = scene.command_line.start("encrypt", "--safe", "--json")
        work = cls(scene, process)
        work.goes_on(USERS // 20)
        return work

    def says(self, *words: str) -> Ended:
        return self.scene.command_line.run(*words, "--json")

    @property
    def sealed(self) -> int:
        return int(self.scene.ask(ENVELOPES))

    def goes_on(self, rows: int = 1) -> None:
        """Wait until it has sealed some more."""
        before = self.sealed
        wait_until(lambda: self.sealed >= before + rows or self.process.poll() is not None)

    def ended(self) -> Ended:
        out, err = self.process.communicate(timeout=120)
        return Ended(self.process.wait(), out, err)

    def rests(self) -> bool:
        """Whether nothing was sealed for a second, and no session of the run is in anything."""
        before = self.sealed
        sleep(1)
        return self.sealed == before and self.scene.ask(BUSY) == 0


@pytest.fixture(scope="module")
def begin(make_scene: Callable[[], Scene]) -> Iterator[Callable[[], Work]]:
    """Begin runs on one table, one after the other, that each seal some of it."""
    scene, begun = make_scene(), list[Work]()
    scene.enrol("JBSWY3DPEHPK3PXP" for _ in range(USERS))
    with scene.connect() as connection:
        connection.execute(SLOW)

    def begin() -> Work:
        begun.append(Work.begun(scene))
        return begun[-1]

    yield begin
    for work in begun:
        if work.process.poll() is None:
            work.process.kill()
            work.process.wait()


def test_a_paused_run_holds_nothing_goes_on_when_it_is_let_and_can_be_stopped(
    begin: Callable[[], Work],
) -> None:
    work = begin()
    asked = work.says("pause")
    assert (asked.code, asked.document["asked"]) == (0, "pause"), asked.err
    told = monotonic()
    wait_until(work.rests)
    assert monotonic() - told < MOST_SECONDS
    waiting = work.says("status").document["at_work"]
    assert [(one["request"], one["run_id"]) for one in waiting] == [
        ("pause", asked.document["runs"][0]["run_id"])
    ]
    assert work.says("resume").code == 0
    work.goes_on()

    flag = work.scene.directory / ".reseal" / "pause"
    flag.parent.mkdir(exist_ok=True)
    flag.touch()
    wait_until(work.rests)
    assert work.says("stop").code == 0
    flag.unlink()
    ended = work.ended()
    assert (ended.code, ended.document["outcome"]) == (6, "stopped"), ended.err
    assert 0 < work.sealed < USERS
    assert _decisions(work, ended)[:3] == [
        "paused, as a person asked",
        "goes on after a pause",
        "paused, as a person asked",
    ]


def test_a_run_that_is_cancelled_in_prefect_stops(begin: Callable[[], Work]) -> None:
    work = begin()
    (at_work,) = work.says("status").document["at_work"]
    run = f"flow_runs/{at_work['run_id']}"
    work.scene.api(f"{run}/set_state", {"state": {"type": "CANCELLING"}})
    ended = work.ended()
    assert (ended.code, ended.document["outcome"]) == (6, "stopped"), ended.err
    assert work.scene.api(run)["state"]["type"] == "CANCELLED"


def test_a_panic_ends_the_run_at_once_and_it_goes_on_later(begin: Callable[[], Work]) -> None:
    work = begin()
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
