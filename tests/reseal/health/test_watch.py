"""What a look has seen is written down, and each change of an alert is one event, told once."""

import random
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from reseal.audit.verify import verify_log
from reseal.health import look, watch
from reseal.health.signals import signals
from reseal.health.terms import health
from reseal.store import alert, sample
from reseal.store.store import Store
from tests.reseal.scene import SEED, Scene

FIELD = "users.mfa_secret"
BY = watch.By("test", uuid4())
ALERTS = """
SELECT action, detail ->> 'alert', detail ->> 'subject' FROM reseal.event
WHERE action LIKE 'alert%' ORDER BY event_id
"""


def watched(scene: Scene, store: Store | None = None) -> None:
    """Look once and write it down, as the flow does each minute."""
    with look.looking(scene.access, "health", read_only=False) as own:
        reading = look.take(scene.access, own, random.Random(1))
        found = health(reading)
        watch.keep(store or own, reading, found, signals(reading, found), BY)


def events(admin: psycopg.Connection) -> list[tuple[str, str, str]]:
    return [tuple(row) for row in admin.execute(ALERTS)]


@pytest.fixture
def sealed(scene: Scene) -> Scene:
    """Users whose secrets are sealed."""
    scene.enrol(*[SEED] * 5)
    scene.sweep()
    return scene


def test_a_look_leaves_its_numbers_behind(sealed: Scene, admin: psycopg.Connection):
    watched(sealed)
    names = {name for (name,) in admin.execute("SELECT name FROM reseal.sample")}

    assert names >= {"health.score", "health.login_ms", "health.rows", "health.page"}
    assert events(admin) == []


def test_a_trouble_is_raised_once_and_cleared_once(sealed: Scene, admin: psycopg.Connection):
    whole = sealed.stored()
    sealed.put(1, whole[2])
    for _ in range(3):
        watched(sealed)
    sealed.put(1, whole[1])
    for _ in range(4):
        watched(sealed)

    what = ("envelope-will-not-open", FIELD)
    assert events(admin) == [("alert raised", *what), ("alert cleared", *what)]
    (row,) = [one for one in alert.rows(sealed.store) if one.name == what[0]]
    assert not row.is_raised
    assert row.since is not None
    assert row.cleared is not None
    assert row.since < row.cleared
    assert verify_log(sealed.store).faults == []


def test_a_change_is_told_until_somebody_has_told_it(sealed: Scene):
    sealed.put(1, sealed.stored()[2])
    watched(sealed)
    (first,) = watch.untold(sealed.store)
    watched(sealed)
    assert [one.number for one in watch.untold(sealed.store)] == [first.number]

    watch.tell_no_more(sealed.store, first.number)
    watched(sealed)
    assert watch.untold(sealed.store) == []


def test_what_is_not_there_any_more_is_cleared(sealed: Scene, admin: psycopg.Connection):
    values = {"name": "burst-of-opens", "subject": "web-9", "is_raised": True, "looks": 4}
    alert.put(sealed.store, [{**values, "value": 2.0, "sentence": ""}])
    watched(sealed)

    assert events(admin) == [("alert cleared", "burst-of-opens", "web-9")]


def test_two_that_watch_raise_once(sealed: Scene, admin: psycopg.Connection):
    sealed.put(1, sealed.stored()[2])
    with look.looking(sealed.access, "health", read_only=False) as own:
        reading = look.take(sealed.access, own, random.Random(1))
        found = health(reading)
        said = signals(reading, found)
        watched(sealed)
        watch.keep(own, reading, found, said, BY)

    assert len(events(admin)) == 1


def test_samples_are_forgotten_after_a_month(sealed: Scene, admin: psycopg.Connection):
    admin.execute("INSERT INTO reseal.sample VALUES (now() - interval '31 days', 'a', 'b', 1)")
    watched(sealed)

    assert sample.since(sealed.store, "b", timedelta(days=99)) == []


def test_nothing_that_is_written_holds_a_secret(sealed: Scene, admin: psycopg.Connection):
    sealed.enrol(SEED)
    sealed.put(1, sealed.stored()[2])
    watched(sealed)
    for table in ("sample", "alert", "event"):
        rows = admin.execute(f"SELECT t::text FROM reseal.{table} AS t".encode()).fetchall()
        assert SEED not in str(rows)
