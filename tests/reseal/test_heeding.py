"""Of what is asked by a file and in the database, a stop comes first, then a pause."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reseal.errors import StoreError
from reseal.heeding import Heeder
from reseal.store.control import Held, Request, hold, request
from reseal.store.store import Store
from tests.reseal.scene import Scene

PAUSE, STOP = Request.PAUSE, Request.STOP


@dataclass
class WorkersThatListen:
    """What the workers were told, for lack of any."""

    heard: list[str] = field(default_factory=list)

    def stop(self) -> None:
        self.heard.append("stop")

    def pause(self) -> None:
        self.heard.append("pause")

    def go_on(self) -> None:
        self.heard.append("go on")


def heeder(connect, scene: Scene, epoch: int, directory: Path) -> Heeder:
    workers = WorkersThatListen()
    return Heeder(connect, {scene.name: epoch}, directory, workers, lambda _: None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("files", "asked", "heard"),
    [
        ((), None, []),
        ((), PAUSE, ["pause"]),
        ((), STOP, ["stop"]),
        ((PAUSE,), None, ["pause"]),
        ((PAUSE,), STOP, ["stop"]),
        ((STOP,), PAUSE, ["stop"]),
        ((PAUSE, STOP), None, ["stop"]),
    ],
)
def test_what_is_asked_first_is_done(scene: Scene, tmp_path: Path, files, asked, heard):
    for name in files:
        (tmp_path / name).touch()
    with hold(scene.store, scene.name, scene.run_id) as epoch:
        if asked:
            assert request(
                scene.store, Held(scene.name, scene.run_id, None, None, None), asked, "a"
            )
        one = heeder(lambda: scene.access.store("heed"), scene, epoch, tmp_path)
        one.look()
        one.look()
        one.close()
    assert one.workers.heard == heard  # type: ignore[attr-defined]


def test_a_file_is_heard_where_the_database_lets_nobody_in(scene: Scene, tmp_path: Path):
    def refuse() -> Store:
        raise StoreError("too many clients")

    one = heeder(refuse, scene, 1, tmp_path)
    one.look()
    for name in (PAUSE, STOP):
        (tmp_path / name).touch()
        one.look()
    assert one.workers.heard == ["pause", "stop"]  # type: ignore[attr-defined]
