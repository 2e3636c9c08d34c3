"""A pacer does what is decided, and tells of it: to workers, to `status` and to the evidence."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from reseal.access import Access
from reseal.decision import Decision
from reseal.pacing.eta import Progress
from reseal.pacing.limits import Bounds
from reseal.pacing.pacer import Pacer, pacing
from reseal.pacing.policy import PacePolicy
from reseal.pacing.samples import Samples
from reseal.pacing.signal import Reading, Signal
from reseal.pacing.window import Window
from reseal.pacing.words import at_work
from reseal.store import pace
from reseal.store.store import Store
from reseal.workers import Workers

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
LIMITS = {Signal.LOGIN: 10.0, Signal.SNAPSHOT: 900.0}


@dataclass
class Senses:
    """A server that tells what a test says."""

    store: Store | None
    seen: tuple[Reading, ...] = ()
    bounds: Bounds = field(default_factory=lambda: Bounds(LIMITS, patience_seconds=60))
    missing: dict[Signal, str] = field(default_factory=dict)
    usual_ms: float | None = 1.0
    login_ms: float | None = 1.0
    is_by_key: bool = False
    lag_bytes: int | None = None

    def begin(self) -> None:
        """There is nothing to learn."""

    def look(self) -> None:
        """There is nothing to ask."""

    def close(self) -> None:
        self.store = None

    def readings(self) -> tuple[Reading, ...]:
        return self.seen


@dataclass
class Desk:
    """A pacer on a clock of the test's own."""

    pacer: Pacer
    senses: Senses
    told: list[Decision]
    now: float = 0.0

    def sees(self, *seen: tuple[Signal, float], after: float = 0.3) -> None:
        """Look once, some seconds later, and see this of signals."""
        self.now += after
        self.senses.seen = tuple(Reading(one, value, LIMITS[one]) for one, value in seen)
        self.pacer.look()

    @property
    def status(self) -> dict:
        assert self.senses.store
        return pace.told(self.senses.store, [self.pacer.run_id])[self.pacer.run_id]


@pytest.fixture
def desk(access: Access, store: Store, tmp_path: Path) -> Iterator[Desk]:
    senses, told = Senses(store), list[Decision]()
    workers = Workers(access, 2)
    pacer = Pacer(
        uuid4(), senses, workers, PacePolicy(), Progress(),  # type: ignore[arg-type]
        Samples(tmp_path / "samples.csv"), told.append,
    )  # fmt: skip
    made = Desk(pacer, senses, told)
    pacer.clock = lambda: made.now
    pacer.calendar = lambda: NOON + timedelta(seconds=made.now)
    yield made
    workers.close()


def test_only_what_changes_is_told_with_signal_value_and_limit(desk: Desk):
    for _ in range(3):
        desk.sees((Signal.LOGIN, 1.0))
    for _ in range(3):
        desk.sees((Signal.LOGIN, 25.0))
    for _ in range(60):
        desk.sees((Signal.LOGIN, 2.0))

    assert [one.what for one in desk.told] == [
        "paused: login_ms is 25, the limit 10",
        "goes on, with less work at a time: nothing is near its limit",
        "at full speed: nothing is near its limit",
    ]
    assert desk.told[0].as_dict() == {
        "at": (NOON + timedelta(seconds=1.2)).isoformat(),
        "what": "paused: login_ms is 25, the limit 10",
        "action": "pause", "signal": "login_ms", "value": 25.0, "limit": 10.0,
    }  # fmt: skip


def test_workers_hear_of_it(desk: Desk):
    valve = desk.pacer.workers.valve
    desk.sees((Signal.SNAPSHOT, 901.0))
    assert valve.holds()
    desk.sees((Signal.SNAPSHOT, 1.0))
    assert not valve.holds()
    assert valve.share == 0.5


def test_status_says_why_by_which_number_and_since_when(desk: Desk):
    desk.sees((Signal.SNAPSHOT, 901.0))
    desk.sees((Signal.SNAPSHOT, 910.0), after=5.0)

    said = desk.status
    assert (said["action"], said["signal"], said["value"], said["limit"]) == (
        "pause", "snapshot_seconds", 910.0, 900.0,
    )  # fmt: skip
    assert said["since"] == (NOON + timedelta(seconds=0.3)).isoformat()
    assert at_work(said) == ("is paused since 12:00:00 UTC: snapshot_seconds is 910, the limit 900")


def test_how_far_it_is_and_until_when_it_works_is_told(desk: Desk):
    desk.pacer.progress.begin("encrypt", "users.mfa_secret", 1000)
    desk.sees()
    for _ in range(10):
        desk.pacer.workers.valve.tap(0).told(50)
        desk.sees(after=2.0)

    said = desk.status
    assert (said["done"], said["total"], said["eta"]["of"]) == (
        500, 1000, "encrypt users.mfa_secret",
    )  # fmt: skip
    assert said["eta"]["soonest"] < "2026-11-28T12:00:40" < said["eta"]["latest"]
    assert "encrypt users.mfa_secret: 500 of 1,000 rows, done between" in at_work(said)


def test_a_run_that_will_be_late_says_so_once_and_works_no_harder(desk: Desk):
    desk.pacer.policy = PacePolicy(done_by=NOON + timedelta(seconds=30))
    desk.pacer.progress.begin("encrypt", "users.mfa_secret", 1000)
    for _ in range(10):
        desk.sees((Signal.LOGIN, 1.0), after=2.0)
        desk.pacer.workers.valve.tap(0).told(10)

    (late,) = desk.told
    assert late.what.startswith("may not be done by 2026-11-28T12:00+00:00: the rows of encrypt")
    assert desk.status["is_late"]
    assert desk.pacer.plan.share == 1.0


def test_when_the_window_closes_it_stops_and_says_from_when_it_may_go_on(desk: Desk):
    desk.pacer.policy = replace(PacePolicy(), window=Window.parse("11:00-12:01"))
    desk.sees()
    assert not desk.pacer.workers.is_stopped
    desk.sees(after=61.0)

    assert desk.pacer.workers.is_stopped
    assert desk.pacer.workers.why_stopped == (
        "the window 11:00-12:01 UTC has closed; the same command goes on from "
        "2026-11-29T11:00+00:00"
    )
    assert desk.told[-1].action == "stop"


def test_a_pause_that_takes_too_long_stops_and_names_the_number(desk: Desk):
    for _ in range(16):
        desk.pacer.workers.valve.holds()
        desk.sees((Signal.SNAPSHOT, 950.0), after=5.0)

    assert desk.pacer.workers.is_stopped
    assert desk.pacer.workers.why_stopped == (
        "paused for too long, as snapshot_seconds is 950, the limit 900; "
        "the same command goes on once that is better"
    )


def test_what_a_person_asked_is_told_by_whoever_heard_it(desk: Desk):
    desk.pacer.workers.pause()
    desk.sees((Signal.LOGIN, 99.0))
    assert desk.told == []
    assert desk.status["why"] == "a person asked"
    desk.pacer.workers.go_on()
    desk.pacer.workers.stop()
    desk.sees()
    assert (desk.told, desk.pacer.workers.why_stopped) == ([], "")


def test_a_stormy_night_is_told_in_part_and_its_end_in_any_case(desk: Desk):
    for _ in range(300):
        desk.sees((Signal.LOGIN, 25.0))
        desk.sees((Signal.LOGIN, 1.0), after=6.0)
    desk.pacer.policy = replace(PacePolicy(), window=Window.parse("11:00-12:01"))
    desk.sees()

    assert 100 < len(desk.told) <= 201
    assert desk.told[-1].action == "stop"
    assert desk.pacer.facts()["decisions_left_out"] > 300


def test_the_file_of_samples_shows_where_it_paused(desk: Desk):
    desk.sees((Signal.LOGIN, 1.0))
    desk.sees((Signal.LOGIN, 99.0), after=2.0)

    with desk.pacer.samples.file.open(newline="") as file:
        assert [row["share"] for row in csv.DictReader(file)] == ["1.00", "0.00"]


def test_at_its_end_nothing_is_told_of_it_any_more(desk: Desk, access: Access, store: Store):
    desk.senses.store = access.store("pacer")
    with pacing(desk.pacer):
        while not pace.told(store, [desk.pacer.run_id]):
            pass

    assert pace.told(store, [desk.pacer.run_id]) == {}


def test_a_run_that_nobody_can_pace_any_more_stops(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(desk.senses, "readings", lambda: 1 / 0)
    with pacing(desk.pacer):
        while not desk.pacer.workers.is_stopped:
            pass

    assert desk.pacer.workers.why_stopped.startswith(
        "the pace could not be told: unexpected ZeroDivisionError at"
    )


def test_a_database_of_an_earlier_version_tells_nothing(store: Store):
    store.execute("DROP TABLE reseal.pace")

    assert pace.told(store, [uuid4()]) == {}
