"""How long it takes yet is told by what was done, and as a range that has the truth in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.pacing.eta import Progress


def run(*rates: float, total: int = 100_000, later: int = 0) -> tuple[Progress, float]:
    """A progress after so many seconds, each at its rate."""
    progress = Progress()
    progress.begin("encrypt", "users.mfa_secret", total, later)
    done = 1000.0
    progress.mark(50.0, round(done))
    for second, rate in enumerate(rates, start=1):
        done += rate
        progress.mark(50.0 + second, round(done))
    return progress, 50.0 + len(rates)


def test_what_comes_later_counts():
    progress, at = run(*[100] * 20, total=3000, later=1000)

    soonest, latest = progress.eta(at) or (0, 0)
    assert progress.done == 2000
    assert soonest == pytest.approx(18)
    assert latest == pytest.approx(22)


def test_a_run_that_became_slow_may_take_long():
    progress, at = run(*[100] * 30, *[10] * 15, total=5000)

    soonest, latest = progress.eta(at) or (0, 0)
    left = 5000 - progress.done
    assert soonest < left / 70
    assert latest is not None
    assert latest > left / 11


def test_in_a_pause_nobody_knows_the_end():
    progress, at = run(*[100] * 10, *[0] * 15)

    found = progress.eta(at)
    assert found is not None
    assert found.latest is None


@pytest.mark.parametrize(
    ("rates", "total"), [([], 10), ([100], 1000), ([0] * 9, 10), ([9] * 9, 81)]
)
def test_too_early_and_at_the_end_nothing_is_said(rates, total):
    progress, at = run(*rates, total=total)

    assert progress.eta(at) is None


def test_each_pass_is_counted_from_its_beginning():
    progress, at = run(*[100] * 10)
    progress.begin("encrypt", "users.mfa_secret", 500)
    progress.mark(at, 2000)
    progress.mark(at + 1, 2050)

    assert progress.done == 50


@given(st.lists(st.floats(1, 1000), min_size=3, max_size=90))
def test_with_rates_like_the_last_ones_the_end_is_within_the_range(rates):
    progress, at = run(*rates, total=10**9)

    found = progress.eta(at)
    assert found is not None
    left = 10**9 - progress.done
    mean = progress.done / (at - 50.0)
    assert found.soonest <= left / mean
    assert found.latest is None or found.latest >= left / mean
