"""An alert is raised at one limit, cleared at another, and never twice for one trouble."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.health.alert import KINDS, Change, Kind, Severity, Signal, Standing, follow

KIND = Kind("slow", Severity.WARNING, raise_at=10, clear_at=5, raise_after=3, clear_after=2)
VALUES = st.lists(st.one_of(st.none(), st.floats(0, 20)), max_size=60)


def changes(kind: Kind, values: list[float | None], rounds: int = 1) -> list[Change | None]:
    """What each of these values makes of an alert that was quiet."""
    standing, made = Standing(), []
    for value in values:
        standing, change = follow(kind, standing, Signal(value, "", rounds))
        made.append(change)
    return made


def test_it_is_raised_after_so_many_looks_and_cleared_after_so_many():
    made = changes(KIND, [10, 11, 12, 12, 5, 6, 4, 4])

    assert made == [None, None, Change.RAISED, None, None, None, None, Change.CLEARED]


def test_between_the_limits_nothing_changes_and_looks_in_a_row_begin_anew():
    assert changes(KIND, [10, 10, 7, 10, 10]) == [None] * 5


def test_what_cannot_be_measured_changes_nothing():
    assert changes(KIND, [10, None, 10, None, 10])[-1] is Change.RAISED
    assert changes(KIND, [10, 10, 10, None, None, None])[3:] == [None] * 3


def test_what_a_round_has_found_is_cleared_by_a_whole_round():
    made = changes(KINDS["envelope-will-not-open"], [1, 0, 0, 0, 0, 0], rounds=4)

    assert made == [Change.RAISED, None, None, None, Change.CLEARED, None]


@given(VALUES)
def test_raised_and_cleared_take_turns(values: list[float | None]):
    made = [change for change in changes(KIND, values) if change]

    assert made == [Change.RAISED, Change.CLEARED] * (len(made) // 2) + [Change.RAISED] * (
        len(made) % 2
    )


@given(st.floats(0, 20), st.integers(0, 50))
def test_what_stays_as_it_is_calls_at_most_once(value: float, looks: int):
    assert len([change for change in changes(KIND, [value] * looks) if change]) <= 1


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_kind_has_room_between_its_limits(kind: Kind):
    assert kind.clear_at < kind.raise_at
    assert kind.raise_after >= 1
    assert kind.severity is not Severity.INCIDENT or kind.raise_after == 1
