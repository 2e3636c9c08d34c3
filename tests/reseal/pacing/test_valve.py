"""What the runner allows reaches workers, and they never wait for one another for good."""

import multiprocessing

import pytest

from reseal.pacing.decide import Action, Plan
from reseal.pacing.valve import Valve


@pytest.fixture
def valve() -> Valve:
    return Valve(multiprocessing.get_context("forkserver"), 3)


def test_at_first_everything_is_let_through(valve: Valve):
    assert not any(valve.tap(number).holds() for number in range(3))
    assert (valve.share, valve.is_awaited, valve.rows_done) == (1.0, False, 0)


def test_a_pause_holds_everyone_and_is_known_to_be_waited_for(valve: Valve):
    valve.set(Plan(Action.PAUSE, share=0.5))

    assert not valve.is_awaited
    assert valve.tap(0).holds()
    assert valve.is_awaited
    valve.set(Plan(Action.GROW, share=0.5))
    assert (valve.tap(0).holds(), valve.tap(0).share) == (False, 0.5)


def test_of_those_who_are_busy_the_first_may_work(valve: Valve):
    valve.set(Plan(Action.SHED, share=0.3))
    first, second, third = map(valve.tap, range(3))

    with second.busy(), third.busy():
        # The first has nothing to do, and its turn goes to the second.
        assert [tap.holds() for tap in (second, third)] == [False, True]
        with first.busy():
            assert [tap.holds() for tap in (first, second)] == [False, True]
        assert not second.holds()


def test_what_workers_have_done_is_added_up(valve: Valve):
    valve.tap(0).told(3)
    valve.tap(2).told(4)
    valve.tap(2).told(5)

    assert valve.rows_done == 12
