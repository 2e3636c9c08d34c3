"""A table that was sealed, and the verbs of its cleaning."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from reseal.clean.clean import clean, look_up
from reseal.clean.cleaning import Cleaning
from reseal.clean.policy import CleanPolicy
from reseal.clean.work import Work
from reseal.store.control import hold
from reseal.store.store import Store
from reseal.sweep.engine import Hands
from tests.reseal.scene import PACE, Scene
from tests.residue.grep import count_in


def seal(scene: Scene) -> int:
    """Back up, prove and seal everything; return how many rows that were."""
    scene.take_backup()
    scene.prove()
    changed = scene.sweep_heaps().changed
    while (again := scene.sweep_heaps()).changed:
        changed += again.changed
    return changed


@contextmanager
def working(
    scene: Scene,
    policy: CleanPolicy | None = None,
    stop: Callable[[], bool] = lambda: False,
    beside: Callable[[], Store] | None = None,
    reading_rest: float = 0.0,
) -> Iterator[Work]:
    """Hold the field and have the work of a cleaning on it."""
    hands = Hands(stop=stop, sleep=scene.waits.append, reading_rest=reading_rest)
    with hold(scene.store, scene.name, scene.run_id) as epoch:
        epochs = {scene.name: epoch}
        policy = policy or CleanPolicy()
        yield Work(scene.store, [scene.target], epochs, policy, PACE, hands, beside)


def cleaned(scene: Scene, replaced: int = 1, *, again: bool = False, **policy: bool) -> Cleaning:
    """Clean the table."""
    with working(scene, replace(CleanPolicy(), **policy)) as work:
        old = look_up(scene.access, work, again=again)
        return clean(scene.access, work, old, replaced, partial(datetime.now, UTC))


def grep(scene: Scene, values: list[str]) -> dict[str, int]:
    """Count values in the files of the database, without any code that is under test."""
    scene.admin.execute("CHECKPOINT")
    (where,) = scene.admin.execute("SELECT current_setting('data_directory')").fetchone() or ("",)
    (oid,) = scene.admin.execute(
        "SELECT oid FROM pg_database WHERE datname = current_database()"
    ).fetchone() or (0,)
    wanted = {one.encode() for one in values}
    files = (Path(where) / "base" / str(oid)).iterdir()
    counts = {path.name: count_in(path, wanted) for path in files}
    return {name: count for name, count in counts.items() if count}
