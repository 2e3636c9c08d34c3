"""A process elsewhere heeds its run by what that tells the database, and nothing for long."""

from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

import psycopg
import pytest

from reseal.following import Following
from reseal.modes import Mode, effort
from reseal.pacing.decide import Action
from reseal.store import pace
from reseal.store.store import Store
from tests.reseal.scene import Scene

TOLD_BEFORE = "UPDATE reseal.pace SET at = clock_timestamp() - %s * interval '1 second'"


@dataclass
class Elsewhere:
    """A run that tells of its pace, and who follows it; `later` is how many seconds pass."""

    scene: Scene
    run_id: UUID = field(default_factory=uuid4)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.following = Following(
            lambda: self.scene.access.store("heed", read_only=True),
            self.run_id,
            replace(effort(Mode.STANDARD), workers=2),
            clock=lambda: self.now,
        )

    def tells(self, action: Action, share: float = 1.0) -> None:
        pace.tell(self.scene.store, self.run_id, {"action": action, "share": share})

    def forgets(self) -> None:
        pace.forget(self.scene.store, self.run_id)

    def does(self, later: float = 1.0) -> tuple[bool, bool]:
        """Whether it stops and whether it waits, after so many seconds."""
        self.now += later
        return self.following.stops(), self.following.waits()


@pytest.fixture
def elsewhere(scene: Scene):
    made = Elsewhere(scene)
    yield made
    made.following.close()


WORKS, WAITS, STOPS = (False, False), (False, True), (True, False)


@pytest.mark.parametrize(
    ("action", "does"),
    [
        (Action.GROW, WORKS),
        (Action.HOLD, WORKS),
        (Action.SHED, WORKS),
        (Action.PAUSE, WAITS),
        (Action.STOP, STOPS),
    ],
)
def test_it_does_what_the_run_tells(elsewhere: Elsewhere, action: Action, does: tuple):
    elsewhere.tells(action)

    assert elsewhere.does() == does


def test_a_pause_ends_when_the_run_says_so(elsewhere: Elsewhere):
    elsewhere.tells(Action.PAUSE)
    assert elsewhere.does() == WAITS
    elsewhere.tells(Action.GROW)

    assert elsewhere.does(0.1) == WAITS, "it looks four times a second"
    assert elsewhere.does() == WORKS


@pytest.mark.parametrize(("share", "each"), [(1.0, 1.0), (0.75, 0.75), (0.5, 0.25), (0.25, 0.125)])
def test_where_fewer_are_to_work_each_does_less(elsewhere: Elsewhere, share: float, each: float):
    elsewhere.tells(Action.SHED, share)
    elsewhere.does()

    assert elsewhere.following.share() == each


def test_it_waits_until_the_run_has_said_anything_and_not_for_ever(elsewhere: Elsewhere):
    assert elsewhere.does() == WAITS
    assert elsewhere.does(30) == WAITS
    assert elsewhere.does(31) == (True, True)


def test_it_stops_when_the_run_has_ended(elsewhere: Elsewhere):
    elsewhere.tells(Action.GROW)
    assert elsewhere.does() == WORKS
    elsewhere.forgets()

    assert elsewhere.does() == STOPS


@pytest.mark.parametrize(("silent", "does"), [(5, WORKS), (15, WAITS), (61, (True, True))])
def test_a_run_that_is_silent_is_waited_for_and_then_left(
    elsewhere: Elsewhere, admin: psycopg.Connection, silent: int, does: tuple
):
    elsewhere.tells(Action.GROW)
    admin.execute(TOLD_BEFORE, [silent])

    assert elsewhere.does() == does


def test_without_a_database_it_goes_on_for_a_moment_only(elsewhere: Elsewhere):
    elsewhere.tells(Action.GROW)
    assert elsewhere.does() == WORKS
    assert elsewhere.following.store
    elsewhere.following.store.close()
    elsewhere.following.connect = _refuses

    assert elsewhere.does() == WORKS
    assert elsewhere.does(10) == WAITS
    assert elsewhere.does(51) == (True, True)


def _refuses() -> Store:
    raise ConnectionError
