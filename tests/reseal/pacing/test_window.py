"""A window opens and closes by the clock of its time zone, every day."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.errors import ConfigurationError
from reseal.pacing.window import Window, zone_of

ZURICH = zone_of("Europe/Zurich")
NIGHT = Window.parse("22:30-04:00", ZURICH)

moments = st.integers(0, 20 * 365 * 24 * 60).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
spelled = st.builds("{:%H:%M}-{:%H:%M}".format, st.times(), st.times())
windows = st.builds(
    Window.parse, spelled.filter(lambda text: text[:5] != text[6:]), st.sampled_from([UTC, ZURICH])
)


@pytest.mark.parametrize(
    ("text", "at", "is_open"),
    [
        ("01:00-05:00", "01:00", True),
        ("01:00-05:00", "04:59", True),
        ("01:00-05:00", "05:00", False),
        ("01:00-05:00", "00:59", False),
        ("22:00-02:00", "23:59", True),
        ("22:00-02:00", "00:00", True),
        ("22:00-02:00", "02:00", False),
        ("22:00-02:00", "12:00", False),
    ],
)
def test_it_is_open_from_the_first_time_up_to_the_second(text, at, is_open):
    moment = datetime.fromisoformat(f"2026-11-28T{at}+00:00")

    assert Window.parse(text).is_open(moment) is is_open


def test_it_goes_by_the_clock_of_its_zone_in_summer_and_in_winter():
    assert not NIGHT.is_open(datetime(2026, 1, 1, 21, 0, tzinfo=UTC))
    assert NIGHT.is_open(datetime(2026, 7, 1, 21, 0, tzinfo=UTC))


def test_it_says_until_when_it_is_closed():
    said = NIGHT.closed(datetime(2026, 11, 28, 12, tzinfo=UTC))

    assert said == "outside the window 22:30-04:00 Europe/Zurich until 2026-11-28T22:30+01:00"


@given(windows, moments)
def test_the_next_opening_is_within_some_days_and_before_it_nothing_is_open_that_was_closed(
    window, at
):
    opening = window.next_opening(at)

    assert at < opening <= at + timedelta(days=2)
    if not window.is_open(at):
        assert not window.is_open(at + (opening - at) / 2)


@pytest.mark.parametrize("text", ["", "1-5", "25:00-03:00", "01:00-01:00", "01:00 - 05:00"])
def test_what_is_no_window_is_refused(text):
    with pytest.raises(ConfigurationError, match="only_between in"):
        Window.parse(text)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "/etc/passwd", "..", "a\0b"])
def test_what_is_no_zone_is_refused(name):
    with pytest.raises(ConfigurationError, match="there is no timezone"):
        zone_of(name)
