"""The circuit breaker: from how many rows on, and from which share, a run stops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.census import Census
from reseal.quarantine.breaker import LEAST_ROWS, Breaker, tripped
from reseal.sweep.tally import Tally


def met(aside: int, sealed: int, empty: int = 0) -> Tally:
    return Tally(aside + sealed + empty, settled=sealed, empty=empty, quarantined=aside).checked()


@pytest.mark.parametrize(
    ("breaker", "tally", "trips"),
    [
        (Breaker(10), met(100, 899), True),
        (Breaker(10), met(100, 900), False),
        (Breaker(10), met(99, 0), False),
        (Breaker(10), met(100, 899, empty=5000), True),
        (Breaker(0), met(100, 1_000_000), True),
        (Breaker(0), met(99, 1_000_000), False),
        (Breaker(100), met(5000, 0), False),
        (Breaker(99), met(5000, 0), True),
        (Breaker(10, accepted=100), met(199, 0), False),
        (Breaker(10, accepted=100), met(200, 799), True),
        (Breaker(10, accepted=100), met(200, 800), False),
        (Breaker(10, accepted=500), met(0, 0), False),
        (Breaker(10), Tally(), False),
    ],
    ids=[
        "above", "at the limit", "a handful", "empty rows hold no value", "none allowed",
        "none allowed, a handful", "switched off", "nearly off", "accepted do not count",
        "beside accepted", "at the limit beside accepted", "before the first", "nothing met",
    ],
)  # fmt: skip
def test_it_trips_above_the_limit_and_not_for_a_handful(breaker, tally, trips):
    assert breaker.trips_at(tally) is trips


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 100))
def test_it_trips_just_where_the_share_is_larger_than_the_limit(aside, sealed, percent):
    values = aside + sealed
    is_larger = aside >= LEAST_ROWS and aside / values > percent / 100

    assert Breaker(percent).trips_at(met(aside, sealed)) == is_larger


def test_it_foresees_what_the_census_shows():
    assert Breaker(10).foresees(Census(empty=9000, plain=800, foreign=60, unrecognised=60))
    assert not Breaker(10).foresees(Census(plain=1000, foreign=50, unrecognised=50))
    assert not Breaker(10, accepted=60).foresees(Census(plain=1, foreign=60, unrecognised=60))


def test_it_says_how_many_why_what_stands_and_what_to_do(scene):
    scene.enrol("gAAAAAx", "hunter2", "hunter3")
    tally = scene.sweep()

    said = tripped(scene.store, Breaker(10), tally, scene.name, scene.run_id)
    assert said == (
        "3 of 3 values seen in users.mfa_secret cannot be sealed, more than the 10% that "
        "most_quarantined_percent in reseal.toml allows; most often: not a secret in the field's "
        "format; what was sealed stays; see `reseal quarantine list`, mend or accept these rows "
        "or raise most_quarantined_percent, and run again"
    )
