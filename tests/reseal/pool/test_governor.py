"""What the looks at a pool do, on a pool whose figures are made up and a real server."""

from dataclasses import dataclass, field, replace

import pytest

from reseal.pool.governor import Figures, Governor, Rhythm
from reseal.pool.meter import WAIT_BOUNDS, Count, Meter
from reseal.pool.scaling import Scale

NO_WAITS = (0,) * (len(WAIT_BOUNDS) + 1)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class MadeUp:
    """A pool that does as it is told, and remembers it."""

    url: str
    clock: Clock
    said: Figures = field(default_factory=lambda: Figures(5, 5, 0, 0, 0, 0))
    held: float = 0.0
    told: list[dict[str, float]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    renewals: int = 0
    sound: bool = True

    def figures(self) -> Figures:
        return self.said

    def count(self) -> Count:
        return Count(self.clock.now, 0, self.held, 0.0, NO_WAITS, 0)

    def peak(self) -> int:
        return 0

    def set_size(self, size: int) -> None:
        self.sizes.append(size)
        self.say(open=size, idle=size)

    def renew(self) -> None:
        self.renewals += 1

    def is_sound(self) -> bool:
        return self.sound

    def tell(self, values: dict[str, float]) -> None:
        self.told.append(values)

    def say(self, **figures: int) -> None:
        self.said = replace(self.said, **figures)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pool(database, clock):
    return MadeUp(database, clock)


@pytest.fixture
def governor(clock):
    return Governor(Scale(5, 30, 6.0), 5, Rhythm(), clock, sleep=lambda _: None)


@pytest.fixture
def look(governor, pool, clock):
    def looked(times: int = 1, used: float = 0.0) -> None:
        for _ in range(times):
            clock.now += 0.25
            pool.held += 0.25 * used
            governor.look(pool)

    return looked


def test_somebody_who_waits_is_heard_at_the_next_look(governor, pool, look):
    pool.say(waiting=3)
    look()
    assert pool.sizes == [6]
    pool.say(waiting=0)
    look(6, used=5.5)
    assert (pool.sizes, governor.grown) == ([6, 9], 2)


def test_a_calm_pool_gives_back_what_it_had_more(governor, pool, look):
    pool.say(waiting=20)
    look(2)
    pool.say(waiting=0)
    look(60)
    assert (pool.sizes[-1], governor.shrunk) == (5, 1)


def test_a_pool_that_cannot_see_what_is_free_stays_as_it_is(governor, pool, look, caplog):
    pool.url = "postgresql://127.0.0.1:1/none"
    pool.say(waiting=3)
    look(12)
    assert (pool.sizes, governor.state.size) == ([], 5)
    assert caplog.text.count("cannot see whether it may grow") == 1


def test_a_pool_that_the_server_refuses_makes_do_with_what_stands(governor, pool, look):
    pool.say(waiting=30)
    look(3)
    pool.say(open=14, refused=2)
    look()
    assert governor.state.size == 14


@pytest.mark.parametrize("figures", [{"lost": 1}, {"open": 3}])
def test_what_is_lost_or_missing_is_renewed_once(pool, look, figures):
    pool.say(**figures)
    look()
    assert pool.renewals == 1
    pool.say(open=5)
    look(3)
    assert pool.renewals == 1


def test_its_health_is_checked_every_ten_seconds(governor, pool, look):
    pool.sound = False
    look(39)
    assert governor.is_healthy
    look()
    assert not governor.is_healthy


def test_it_tells_every_minute_what_it_measured(pool, look):
    look(2 * 60 * 4, used=3.0)
    assert len(pool.told) == 2
    assert set(pool.told[0]) == {
        "pool.size", "pool.most", "pool.used", "pool.waiting", "pool.utilisation", "pool.wait_ms",
        "pool.errors",
    }  # fmt: skip
    assert pool.told[1]["pool.utilisation"] == pytest.approx(0.6)


def test_a_meter_counts_what_is_held_and_who_waited_how_long(clock):
    meter = Meter(clock)
    meter.lent(0.0)
    meter.lent(0.02)
    clock.now = 2.0
    meter.returned()
    clock.now = 3.0
    meter.failed(60.0)
    count = meter.read()
    assert (count.used, count.held, count.waited, count.timeouts, count.calls) == (
        1,
        5,
        60.02,
        1,
        3,
    )
    assert count.waits == (1, 0, 0, 1, 0, 0, 0, 0, 0, 1)
    assert (meter.peak(), meter.peak()) == (2, 1)
