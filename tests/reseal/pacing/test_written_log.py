"""A standby's lag is the age of what it has not replayed, by the runner's own clock."""

from hypothesis import given
from hypothesis import strategies as st

from reseal.pacing.written_log import WrittenLog


def test_what_was_replayed_does_not_lag_however_long_ago_it_was_written():
    log = WrittenLog()
    log.mark(100, 1.0)
    log.mark(100, 50.0)

    assert log.lag(100, 60.0) == 0.0


def test_the_lag_is_that_of_the_earliest_that_is_missing():
    log = WrittenLog()
    for end, at in ((100, 1.0), (200, 2.0), (300, 3.0)):
        log.mark(end, at)

    assert log.lag(150, 10.0) == 8.0
    assert log.lag(200, 10.0) == 7.0
    assert log.lag(300, 10.0) == 0.0


@given(st.integers(5000, 20_000))
def test_an_hour_of_marks_takes_little_memory_and_keeps_the_earliest(looks):
    log = WrittenLog()
    for number in range(looks):
        log.mark(number, float(number))

    assert log.lag(-1, float(looks)) == looks
    assert len(log._marks) <= 4096


def test_the_rate_is_that_of_the_last_look():
    log = WrittenLog()
    log.mark(100, 1.0)
    log.mark(1100, 3.0)

    assert log.rate == 500.0
