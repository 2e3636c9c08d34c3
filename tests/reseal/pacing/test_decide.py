"""What follows what: the laws of the pace, and its story in single steps."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.pacing.decide import LEAST_SHARE, Action, Plan, Seen, Why, decide
from reseal.pacing.limits import Bounds
from reseal.pacing.signal import BUDGETS, Reading, Signal
from reseal.store.control import Request

BOUNDS = Bounds({}, patience_seconds=100, blind_seconds=60, stale_seconds=5)

readings = st.builds(
    Reading, st.sampled_from(Signal), st.floats(0, 30), st.floats(0.1, 10), st.floats(0, 90)
)
fresh = st.builds(Reading, st.sampled_from(Signal), st.floats(0, 30), st.floats(0.1, 10))
shares = st.floats(LEAST_SHARE, 1.0)
plans = st.builds(
    Plan,
    action=st.sampled_from([action for action in Action if action is not Action.STOP]),
    why=st.sampled_from(Why),
    share=shares,
    because=st.none() | readings,
    since=st.floats(0, 50),
    changed=st.floats(0, 50),
    awaited_since=st.none() | st.floats(0, 50),
)
seens = st.builds(
    Seen,
    at=st.floats(50, 100),
    readings=st.lists(readings, max_size=5).map(tuple),
    asked=st.none() | st.sampled_from(Request),
    is_open=st.booleans(),
    is_awaited=st.booleans(),
)


def of(value: float, signal: Signal = Signal.LOGIN, age: float = 0.0) -> Reading:
    """A reading with a limit of 1."""
    return Reading(signal, value, 1.0, age)


def after(before: Plan, at: float, *seen: Reading, is_awaited: bool = False) -> Plan:
    return decide(before, Seen(at, seen, is_awaited=is_awaited), BOUNDS)


@given(plans, seens)
def test_the_share_stays_within_its_bounds_and_grows_a_little_at_most(before, seen):
    plan = decide(before, seen, BOUNDS)

    assert LEAST_SHARE <= plan.share <= 1.0
    assert plan.share <= before.share * 1.5


@given(plans, seens)
def test_what_a_person_asked_comes_before_all_else(before, seen):
    told = decide(before, replace(seen, asked=Request.STOP), BOUNDS)
    assert (told.action, told.why) == (Action.STOP, Why.PERSON)

    paused = decide(before, replace(seen, asked=Request.PAUSE, is_open=True), BOUNDS)
    assert (paused.action, paused.why) == (Action.PAUSE, Why.PERSON)


@given(plans, seens, seens)
def test_whoever_is_stopped_stays_so(before, seen, later):
    stopped = replace(before, action=Action.STOP)

    assert decide(decide(stopped, seen, BOUNDS), later, BOUNDS).action is Action.STOP


@given(plans, seens)
def test_a_closed_window_stops(before, seen):
    assert decide(before, replace(seen, is_open=False), BOUNDS).action is Action.STOP


@given(plans, seens)
def test_over_a_limit_nothing_is_written(before, seen):
    plan = decide(before, seen, BOUNDS)

    if any(one.part >= 1 for one in seen.readings):
        assert plan.action in (Action.PAUSE, Action.STOP)


@given(plans, seens)
def test_what_is_not_known_never_makes_for_more_work(before, seen):
    plan = decide(before, seen, BOUNDS)

    if any(one.age > BOUNDS.stale_seconds for one in seen.readings):
        assert plan.share <= before.share
        assert plan.action is not Action.GROW
    asked_to_pause = seen.asked is Request.PAUSE and seen.is_open
    if any(one.age > BOUNDS.blind_seconds for one in seen.readings) and not asked_to_pause:
        assert plan.action is Action.STOP


@given(plans, st.lists(fresh, max_size=5), st.floats(50, 100), st.floats(0, 30))
def test_a_higher_value_never_makes_for_more_work(before, others, at, more):
    signal = Signal.LOGIN
    lower = decide(before, Seen(at, (Reading(signal, 0.3, 1.0), *others)), BOUNDS)
    higher = decide(before, Seen(at, (Reading(signal, 0.3 + more, 1.0), *others)), BOUNDS)

    assert higher.share <= lower.share
    if lower.action is Action.PAUSE:
        assert higher.action is Action.PAUSE


@given(plans, st.sampled_from(sorted(BUDGETS)), st.floats(0.0, 0.69))
def test_a_budget_that_is_not_spent_changes_nothing(before, signal, part):
    with_it, without = after(before, 100, of(part, signal)), after(before, 100)

    assert with_it == without


@pytest.mark.parametrize(
    ("part", "action", "share"),
    [
        (0.0, Action.GROW, 0.5),
        (0.39, Action.GROW, 0.5),
        (0.4, Action.HOLD, 0.4),
        (0.69, Action.HOLD, 0.4),
        (0.7, Action.SHED, 0.32),
        (0.99, Action.SHED, 0.32),
        (1.0, Action.PAUSE, 0.2),
        (9.0, Action.PAUSE, 0.2),
    ],
)
def test_the_tightest_signal_says_what_is_done(part, action, share):
    plan = after(Plan(share=0.4), 10, of(0.1, Signal.ACTIVE), of(part))

    assert plan.action is action
    assert plan.share == pytest.approx(share)


def test_it_pauses_once_and_goes_on_with_half_as_much_when_it_is_better():
    paused = after(Plan(), 1, of(1.2))
    still = after(paused, 2, of(3.0))
    nearly = after(still, 3, of(0.8))
    on = after(nearly, 4, of(0.6))

    assert [one.action for one in (paused, still, nearly)] == [Action.PAUSE] * 3
    assert still.since == nearly.since == 1
    assert (on.action, on.share) == (Action.HOLD, 0.5)


def test_a_load_just_below_the_limit_does_not_keep_it_paused():
    paused = after(Plan(), 1, of(1.2))

    assert after(paused, 5, of(0.9)).action is Action.PAUSE
    assert after(paused, 7, of(0.9)).action is Action.SHED


def test_growth_waits_to_see_what_it_does_and_shedding_hardly():
    grown = after(Plan(share=0.4, changed=0), 10, of(0.1))

    assert after(grown, 11, of(0.1)).share == grown.share
    assert after(grown, 12, of(0.1)).share > grown.share
    assert after(grown, 11, of(0.8)).share < grown.share


def test_a_pause_that_is_waited_for_too_long_stops_and_says_by_which_number():
    paused = after(Plan(), 1, of(5.0, Signal.SNAPSHOT), is_awaited=True)
    still = after(paused, 100, of(6.0, Signal.SNAPSHOT), is_awaited=True)
    stopped = after(still, 102, of(7.0, Signal.SNAPSHOT), is_awaited=True)

    assert still.action is Action.PAUSE
    assert (stopped.action, stopped.why) == (Action.STOP, Why.PATIENCE)
    assert stopped.because == of(7.0, Signal.SNAPSHOT)


def test_a_pause_that_nobody_waits_for_lasts():
    paused = after(Plan(), 1, of(5.0))

    assert after(paused, 1000, of(5.0)).action is Action.PAUSE


def test_a_signal_that_is_not_known_holds_and_then_stops():
    held = after(Plan(share=0.4), 10, of(0.1), of(0.0, Signal.LAG, age=6))
    stopped = after(held, 70, of(0.1), of(0.0, Signal.LAG, age=61))

    assert (held.action, held.why, held.share) == (Action.HOLD, Why.UNKNOWN, 0.4)
    assert (stopped.action, stopped.why) == (Action.STOP, Why.UNKNOWN)
    assert stopped.because is not None
    assert stopped.because.signal is Signal.LAG


def test_fewer_workers_work_where_less_is_done():
    assert [Plan(share=share).workers(4) for share in (1.0, 0.6, 0.5, 0.25, 0.1)] == [4, 3, 2, 1, 1]
