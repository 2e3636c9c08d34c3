"""How long a worker rests after its work, and that it hears a stop meanwhile."""

import pytest

from reseal.sweep.engine import Hands
from reseal.sweep.pace import Pace

RESTS = Pace(1000, target=0.1, rest=19.0)


class Slept:
    """A sleep that takes no time, and a stop that is said after so many of them."""

    def __init__(self, stops_after: int = 1000) -> None:
        self.times: list[float] = []
        self._stops_after = stops_after

    def sleep(self, seconds: float) -> None:
        self.times.append(seconds)

    def stop(self) -> bool:
        return len(self.times) >= self._stops_after


def hands(slept: Slept, share: float = 1.0, reading_rest: float = 0.0) -> Hands:
    return Hands(stop=slept.stop, sleep=slept.sleep, share=lambda: share, reading_rest=reading_rest)


@pytest.mark.parametrize(
    ("share", "seconds", "rest"),
    [(1.0, 0.1, 1.9), (0.5, 0.1, 2.0), (1 / 16, 1.0, 19 + 2.0), (1.0, 0.0, 0.0)],
)
def test_it_rests_as_long_as_the_pace_and_the_share_say(share, seconds, rest):
    slept = Slept()
    hands(slept, share).rest(RESTS, seconds)
    assert sum(slept.times) == pytest.approx(rest)


@pytest.mark.parametrize(("reading_rest", "rest"), [(0.0, 0.0), (19.0, 38.0)])
def test_after_reading_it_rests_where_a_run_is_careful(reading_rest, rest):
    slept = Slept()
    hands(slept, reading_rest=reading_rest).rest_from_reading(2.0)
    assert sum(slept.times) == pytest.approx(rest)


@pytest.mark.parametrize("stops_after", [0, 3])
def test_a_stop_is_heard_in_a_long_rest(stops_after):
    slept = Slept(stops_after)
    hands(slept).rest(RESTS, 10.0)
    assert len(slept.times) == stops_after
    assert max(slept.times, default=0.0) < 1.0
