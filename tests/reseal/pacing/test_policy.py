"""[pace] of reseal.toml is read strictly, and stands before what the mode says."""

from datetime import UTC, datetime

import pytest

from reseal.errors import ConfigurationError
from reseal.modes import Mode
from reseal.pacing.limits import bounds
from reseal.pacing.policy import PacePolicy, read_pace
from reseal.pacing.signal import Signal

SAID = {
    "only_between": "01:00-05:00",
    "timezone": "Europe/Zurich",
    "done_by": "2026-12-24T05:00",
    "rest": 3,
    "server_cores": 8,
    "patience_seconds": 60,
    "blind_seconds": 10,
    "limits": {"login_ms": 7, "wal_mb_per_second": 12.5},
}


def test_all_of_it_is_read():
    policy = read_pace(SAID)

    assert str(policy.window) == "01:00-05:00 Europe/Zurich"
    assert policy.done_by == datetime(2026, 12, 24, 4, tzinfo=UTC)
    assert policy.limits == {Signal.LOGIN: 7.0, Signal.WAL_RATE: 12.5}
    assert policy.rest == 3.0
    assert (policy.server_cores, policy.patience_seconds, policy.blind_seconds) == (8, 60, 10)
    assert read_pace({}) == PacePolicy()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"pause": 1}, "unknown word 'pause'"),
        ({"only_between": 5}, "only_between in .pace. must be a string"),
        ({"timezone": "Nowhere"}, "there is no timezone 'Nowhere'"),
        ({"done_by": "tomorrow"}, "done_by in .pace. must be a date and time"),
        ({"done_by": 5}, "done_by in .pace. must be a date and time"),
        ({"server_cores": 0}, "server_cores in .pace. must be a whole number"),
        ({"rest": -1}, "rest in .pace. must be a number from 0 to 1000"),
        ({"rest": True}, "rest in .pace. must be a number from 0 to 1000"),
        ({"rest": float("inf")}, "rest in .pace. must be a number from 0 to 1000"),
        ({"patience_seconds": True}, "patience_seconds in .pace. must be a whole number"),
        ({"limits": 3}, "limits in .pace. must be a table"),
        ({"limits": {"lag": 3}}, "unknown word 'lag' in .pace.limits."),
        ({"limits": {"login_ms": 0}}, "login_ms in .pace.limits. must be a number above 0"),
        ({"limits": {"login_ms": float("nan")}}, "login_ms in .pace.limits. must be a number"),
    ],
)
def test_what_is_wrong_is_said(said, words):
    with pytest.raises(ConfigurationError, match=words):
        read_pace(said)


def test_what_is_said_stands_before_what_the_mode_says():
    found = bounds(Mode.SAFE, read_pace(SAID))

    assert found.limits[Signal.LOGIN] == 7.0
    assert found.limits[Signal.SNAPSHOT] == bounds(Mode.SAFE, PacePolicy()).limits[Signal.SNAPSHOT]
    assert (found.patience_seconds, found.blind_seconds) == (60.0, 10.0)
    # Nor does what a login usually takes.
    assert found.with_login(100.0, {Signal.LOGIN: 7.0}).limits[Signal.LOGIN] == 7.0


def test_the_harder_a_mode_works_the_more_it_lets_through():
    safe, standard, hard = (
        bounds(mode, PacePolicy()) for mode in (Mode.SAFE, Mode.STANDARD, Mode.AGGRESSIVE)
    )

    for signal in safe.limits:
        assert safe.limits[signal] < standard.limits[signal] < hard.limits[signal]
    assert safe.with_login(10.0, {}).limits[Signal.LOGIN] == 20.0
    assert safe.with_login(0.1, {}).limits[Signal.LOGIN] == 5.0
    assert safe.with_login(None, {}).limits[Signal.LOGIN] == 5.0
