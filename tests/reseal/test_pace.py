"""The pace follows the time that batches take, within bounds, and has no clock of its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.sweep.pace import Pace

PACE = Pace(1000, target=0.25, rest=0.5)

paces = st.builds(
    Pace, rows=st.integers(25, 20_000), target=st.floats(0.01, 2), rest=st.floats(0, 4)
)
durations = st.floats(0, 1e6)


@pytest.mark.parametrize(
    ("seconds", "rows"),
    [
        (0.25, 1000),
        (0.2, 1250),
        (0.01, 1500),
        (0.5, 500),
        (2.5, 100),
        (1000.0, 100),
        (0.0, 1000),
        (-1.0, 1000),
    ],
)
def test_a_batch_that_was_quick_grows_a_little_and_a_late_one_shrinks_at_once(seconds, rows):
    assert PACE.after(seconds).rows == rows


@given(paces, durations)
def test_a_step_stays_within_its_bounds(pace, seconds):
    after = pace.after(seconds)

    assert pace.fewest <= after.rows <= pace.most
    assert after.rows <= pace.rows * 1.5 + 1
    assert after.rows >= min(pace.rows / 10 - 1, pace.rows)


@given(paces, durations, durations)
def test_a_slower_batch_never_leads_to_a_larger_one(pace, one, other):
    # A duration of zero measured nothing.
    quick, slow = sorted((max(one, 1e-9), max(other, 1e-9)))

    assert pace.after(slow).rows <= pace.after(quick).rows


@given(paces, st.floats(1e-5, 1e-2))
def test_with_a_steady_server_it_settles_at_the_target(pace, seconds_a_row):
    for _ in range(40):
        pace = pace.after(pace.rows * seconds_a_row)

    ideal = min(max(pace.target / seconds_a_row, pace.fewest), pace.most)
    assert pace.rows == pytest.approx(ideal, rel=0.02, abs=1)


@given(paces, durations)
def test_the_rest_is_in_proportion_to_the_work(pace, seconds):
    assert pace.rest_after(seconds) == pytest.approx(seconds * pace.rest)
