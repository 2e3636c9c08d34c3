"""The guard: raised when nothing can be hurt by it, and then no plaintext gets past it."""

import psycopg
import pytest

from reseal.audit.action import Action
from reseal.census import Census
from reseal.errors import RowRefused
from reseal.guard import (
    drop_guard,
    guard_name,
    holds,
    raise_guard,
    stands,
    was_raised,
    why_not,
)
from reseal.store import event
from reseal.store.event import Event
from tests.reseal.scene import SEED

SETTLED = Census(empty=3, sealed={1: 5})


def report(scene, *seals: bool, age: str = "1 second") -> None:
    """Let application instances report whether they write envelopes."""
    for number, does in enumerate(seals):
        scene.admin.execute(
            "INSERT INTO reseal.reader (instance, library, opens, seals, policy, seen)"
            " VALUES (%s, '0', '{}', %s, 'p', clock_timestamp() - %s::interval)",
            [f"{age} {number}", does, age],
        )


def put(scene, value: str | None) -> None:
    scene.admin.execute(
        "INSERT INTO users (email, mfa_secret) VALUES (gen_random_uuid()::text, %s)", [value]
    )


def test_not_while_a_value_is_not_sealed_even_if_forced(scene):
    report(scene, True)

    for unsettled in (Census(plain=2), Census(foreign=2), Census(unrecognised=2)):
        for forced in (True, False):
            reason = why_not(scene.store, scene.target, unsettled, forced=forced)
            assert reason == "2 rows hold a value that is not sealed"


@pytest.mark.parametrize(
    ("live", "reason"),
    [
        ([], "no live application has reported that it writes envelopes"),
        ([False], "1 of 1 live applications still write plaintext"),
        ([True, False, False], "2 of 3 live applications still write plaintext"),
        ([True], None),
        ([True, True], None),
    ],
)
def test_not_while_an_application_writes_plaintext_unless_forced(scene, live, reason):
    report(scene, *live)

    assert why_not(scene.store, scene.target, SETTLED, forced=False) == reason
    assert why_not(scene.store, scene.target, SETTLED, forced=True) is None


def test_an_application_that_fell_silent_does_not_count(scene):
    report(scene, False, True, age="3 minutes")
    reason = why_not(scene.store, scene.target, SETTLED, forced=False)
    assert reason is not None
    assert reason.startswith("no live application")

    report(scene, True)
    assert why_not(scene.store, scene.target, SETTLED, forced=False) is None


def test_once_raised_it_rejects_plaintext_and_nothing_else(scene):
    (row,) = scene.enrol(SEED)
    scene.sweep()
    envelope = scene.stored()[row]
    raise_guard(scene.store, scene.target)

    assert stands(scene.store, scene.target)
    for value in (envelope, None, ""):
        put(scene, value)
    for value in (SEED, "hunter2", "gAAAAAx", " "):
        with pytest.raises(psycopg.errors.CheckViolation, match=guard_name(scene.target)):
            put(scene, value)
    scene.admin.execute("UPDATE users SET last_login = now()")


def test_it_is_valid_and_can_be_raised_twice_and_dropped_twice(scene):
    for _ in range(2):
        raise_guard(scene.store, scene.target)
    valid = scene.admin.execute(
        "SELECT convalidated FROM pg_constraint WHERE conname = %s", [guard_name(scene.target)]
    ).fetchall()
    assert valid == [(True,)]

    for _ in range(2):
        drop_guard(scene.store, scene.target)
    assert not stands(scene.store, scene.target)
    put(scene, SEED)


def test_that_it_was_raised_is_known_until_it_is_dropped_on_purpose(scene):
    def noted(action: Action, **detail: object) -> bool:
        event.append(scene.store, Event(scene.run_id, "test", action, {**detail}))
        return was_raised(scene.store, scene.target)

    assert not was_raised(scene.store, scene.target)
    assert not noted(Action.GUARD, field=scene.name, raised=False)
    assert not noted(Action.GUARD, field="another", raised=True)
    assert noted(Action.GUARD, field=scene.name, raised=True)
    assert noted(Action.GUARD, field=scene.name, raised=False)
    assert noted(Action.GUARD_DROPPED, field="another")
    assert not noted(Action.GUARD_DROPPED, field=scene.name)


def test_it_holds_once_it_was_validated(scene):
    assert not holds(scene.store, scene.target)
    raise_guard(scene.store, scene.target)
    assert holds(scene.store, scene.target)

    name = guard_name(scene.target)
    scene.admin.execute(f"ALTER TABLE users DROP CONSTRAINT {name}")
    scene.admin.execute(f"ALTER TABLE users ADD CONSTRAINT {name} CHECK (true) NOT VALID")
    assert not holds(scene.store, scene.target)


def test_when_a_plaintext_came_in_between_it_does_not_stay(scene):
    put(scene, SEED)

    with pytest.raises(RowRefused, match=guard_name(scene.target)):
        raise_guard(scene.store, scene.target)
    assert not stands(scene.store, scene.target)
    scene.admin.execute("UPDATE users SET last_login = now()")


def test_only_rows_of_the_field_are_guarded(scene):
    scene = scene.described(where="email NOT LIKE 'sms%'", empty=["", "100%"])
    raise_guard(scene.store, scene.target)

    put(scene, "100%")
    with pytest.raises(psycopg.errors.CheckViolation):
        put(scene, SEED)
    scene.admin.execute("INSERT INTO users (email, mfa_secret) VALUES ('sms1', '+49 30 1234')")


def test_fields_that_share_a_column_have_a_guard_each(scene):
    one = scene.described(name="one", where="mfa_enabled")
    other = scene.described(name="other", where="NOT mfa_enabled")
    raise_guard(scene.store, one.target)
    raise_guard(scene.store, other.target)

    assert stands(scene.store, one.target)
    drop_guard(scene.store, other.target)
    assert stands(scene.store, one.target)


@pytest.mark.parametrize("column", ["mfa_secret", "x" * 63, "é" * 31, 'Say "x"'])
def test_the_name_fits_and_is_found_again(scene, column):
    quoted = column.replace('"', '""')
    scene = scene.table(f'id int PRIMARY KEY, "{quoted}" text', [], column=column)

    raise_guard(scene.store, scene.target)
    assert len(guard_name(scene.target).encode()) <= 63
    assert stands(scene.store, scene.target)
