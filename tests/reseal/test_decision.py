"""What the pacing decided is told with the span in which it did."""

from datetime import UTC, datetime

import pytest

from reseal.decision import Decision
from reseal.errors import Transient
from reseal.patience import Patience
from reseal.sweep.engine import Hands, sweep
from reseal.sweep.pace import Pace
from reseal.sweep.plan import plan
from reseal.sweep.settle import settle
from reseal.sweep.span import Span
from tests.reseal.scene import PACE, SEED

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def patience() -> Patience:
    return Patience(sleep=lambda _: None, jitter=lambda: 1.0)


def test_a_calm_span_has_nothing_to_tell(scene):
    scene.enrol(SEED, SEED)

    with scene.job() as job:
        assert sweep(job, plan, scene.whole, PACE, Hands()).decisions == ()


def test_a_fault_that_passes_is_told_once_and_with_the_time(scene, patience):
    scene.enrol(SEED)
    faults = [Transient("a lock was not given", "55P03")]

    def make(job, span):
        if faults:
            raise faults.pop()
        return plan(job, span)

    with scene.job() as job:
        job.clock = lambda: NOON
        settle(job, make, Span(0, 4), patience)

        said = "a lock was not given: again after a wait, with half the rows"
        assert job.decided() == (Decision(NOON, said),)
        assert job.decided() == ()


def test_a_batch_that_took_far_too_long_is_told(scene):
    scene.enrol(*[SEED] * 300)
    times = iter([0.0, 9.0] + [10.0] * 1000)

    with scene.job() as job:
        hands = Hands(clock=lambda: next(times), sleep=lambda _: None)
        told = sweep(job, plan, scene.whole, Pace(100, target=0.5, rest=0.0), hands).decisions

    assert [one.what for one in told] == [
        "batches of 25 rows instead of 100, as the last took 9.00 s"
    ]


def test_a_storm_of_faults_is_told_in_part(scene):
    with scene.job() as job:
        for number in range(1000):
            job.decide(f"decision {number}")

        assert 0 < len(job.decided()) < 100
