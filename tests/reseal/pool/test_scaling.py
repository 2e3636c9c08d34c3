"""How large a pool should be: always allowed, following the load, and still where the load is."""

from itertools import pairwise
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.pool.scaling import AIM, HIGH, LOW, SPARE, Observed, Scale, State, decide, granted

CALM = 6.0
EVERY = 0.25

scales = st.tuples(st.integers(1, 60), st.integers(0, 300)).map(
    lambda sizes: Scale(sizes[0], sum(sizes), CALM)
)
observations = st.builds(
    Observed,
    at=st.floats(0, 1e6),
    used=st.floats(0, 400),
    peak=st.integers(0, 400),
    open=st.integers(0, 400),
    waiting=st.integers(0, 500),
    queued=st.integers(0, 500),
    refused=st.integers(0, 5),
)


@st.composite
def situations(draw):
    scale = draw(scales)
    size = draw(st.integers(scale.least, scale.most))
    state = State(size, draw(st.floats(0, size)), draw(st.floats(0, 1e6)))
    return scale, state


def looks(scale: Scale, state: State, loads) -> list[State]:
    """What becomes of a pool whose callers want so many connections, look by look."""
    states, at = [], state.since
    for load in loads:
        at += EVERY
        used = min(load, state.size)
        short = max(0, ceil(load - state.size))
        observed = Observed(at, used, ceil(used), state.size, waiting=short, queued=short)
        state = decide(scale, state, observed)
        states.append(state)
    return states


@given(situations(), observations)
def test_no_size_is_outside_the_bounds(situation, observed):
    scale, state = situation
    assert scale.least <= decide(scale, state, observed).size <= scale.most


@given(situations(), observations)
def test_somebody_who_waits_makes_it_grow_unless_the_server_refuses(situation, observed):
    scale, state = situation
    size = decide(scale, state, observed).size
    if observed.is_short and not observed.refused:
        assert size > state.size or size == scale.most
    if observed.refused:
        assert size <= state.size


@given(situations(), observations)
def test_no_step_up_is_more_than_a_doubling(situation, observed):
    scale, state = situation
    assert decide(scale, state, observed).size <= 2 * state.size


@given(situations(), st.lists(st.floats(0, 400), min_size=1, max_size=80))
def test_it_shrinks_after_a_calm_only_and_to_what_the_calm_needed(situation, loads):
    scale, begun = situation
    states = [begun, *looks(scale, begun, loads)]
    of_a_calm = round(CALM / EVERY)
    for number in range(1, len(states)):
        was, now = states[number - 1], states[number]
        if now.size < was.size:
            assert number >= of_a_calm
            calm = loads[number - of_a_calm : number]
            assert all(load <= was.size for load in calm)
            assert now.size >= min(was.size, max(map(ceil, calm)))


@given(situations(), st.floats(0, 400))
def test_under_a_constant_load_it_comes_to_rest_and_turns_once_at_most(situation, load):
    scale, begun = situation
    sizes = [begun.size, *(state.size for state in looks(scale, begun, [load] * 400))]
    steps = [after - before for before, after in pairwise(sizes)]
    ways = [step > 0 for step in steps if step]
    assert sum(one != other for one, other in pairwise(ways)) <= 1
    assert len(set(sizes[-150:])) == 1


@given(st.floats(1, 250))
def test_at_rest_the_load_is_in_the_band_as_far_as_whole_connections_allow(load):
    scale = Scale(1, 1000, CALM)
    *_, last = looks(scale, State(50, 0.0, 0.0), [load] * 400)
    assert load <= HIGH * last.size or last.size == ceil(load / AIM)
    # One connection less would be above the aim, or fewer than were in use at once.
    assert load >= LOW * last.size or load / AIM > last.size - 1 or ceil(load) == last.size


@given(st.integers(1, 300), st.integers(0, 600), st.integers(0, 300))
def test_of_what_is_free_half_is_taken_and_some_is_left(size, more, free):
    given_ = granted(size, size + more, free)
    assert size <= given_ <= size + more
    if given_ > size:
        assert given_ - size <= free - 1
        assert given_ - size <= ceil(free / 2)


@pytest.mark.parametrize("free", range(SPARE))
def test_the_last_free_connections_are_left_to_others(free):
    assert granted(5, 50, free) == 5
