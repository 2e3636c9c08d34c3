"""What a run asks of Prefect grows with its spans, and never with its batches."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest

from tests.flows.conftest import Ended
from tests.flows.scene import Scene, together

pytestmark = pytest.mark.slow

BATCHES = "SELECT count(*) FROM reseal.batch WHERE changed > 0"
# A careful run has spans of 10,000 rows, and begins with batches of 500.
SPAN = 10_000
OF_SPANS = ("back_up_span", "sweep_span", "verify_span")


@dataclass(frozen=True)
class Asked:
    """A run on so many rows, and how many task runs of each task the server has of it."""

    scene: Scene
    ended: Ended
    tasks: Counter[str]

    @property
    def batches(self) -> int:
        return int(self.scene.ask(BATCHES))

    @property
    def others(self) -> dict[str, int]:
        """Those that are not of spans."""
        return {name: count for name, count in self.tasks.items() if name not in OF_SPANS}


def asked(scene: Scene, rows: int) -> Asked:
    scene.enrol("JBSWY3DPEHPK3PXP" for _ in range(rows))
    ended = scene.command_line.run("encrypt", "--safe", "--json")
    runs = scene.of_run("task_runs", ended.run_id)
    return Asked(scene, ended, Counter(run["task_key"].rpartition("-")[0] for run in runs))


@pytest.fixture(scope="module")
def by_rows(make_scene: Callable[[], Scene]) -> dict[int, Asked]:
    """Careful runs on a part of a span, on four times as much, and on more than a span."""
    sizes = (SPAN // 10, SPAN * 4 // 10, SPAN * 12 // 10)
    works = [partial(asked, make_scene(), rows) for rows in sizes]
    return dict(zip(sizes, together(*works), strict=True))


def test_four_times_the_rows_in_the_same_spans_are_as_many_task_runs(by_rows: dict[int, Asked]):
    few, many, _ = by_rows.values()
    assert few.ended.code == many.ended.code == 0, few.ended.err + many.ended.err

    assert many.batches > few.batches
    assert many.tasks == few.tasks


def test_what_there_is_more_of_with_more_spans_are_their_task_runs_alone(by_rows: dict[int, Asked]):
    _, one, two = by_rows.values()

    for name in OF_SPANS:
        assert two.tasks[name] > one.tasks[name] >= 1, name
    assert two.others == one.others
