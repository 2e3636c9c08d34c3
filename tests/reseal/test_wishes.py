"""What a person asks of runs reaches those that are at work, and is in the audit log."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from time import monotonic

import pytest

from reseal.errors import Refused
from reseal.store.control import Request, asked, held, hold
from reseal.store.store import Store
from reseal.wishes import Wish, ask
from tests.reseal.scene import Scene

EVENTS = "SELECT action, actor, run_id FROM reseal.event ORDER BY event_id DESC LIMIT 1"


@contextmanager
def at_work(scene: Scene) -> Iterator[tuple[Store, dict[str, int]]]:
    """A run that holds the field, by its own session; its epochs."""
    session = scene.access.store(f"run {scene.run_id}")
    try:
        with hold(session, scene.name, scene.run_id) as epoch:
            yield session, {scene.name: epoch}
    finally:
        session.close()


@pytest.mark.parametrize(
    ("wish", "request_", "action"),
    [
        (Wish.PAUSE, Request.PAUSE, "pause asked"),
        (Wish.RESUME, None, "resume asked"),
        (Wish.STOP, Request.STOP, "stop asked"),
        (Wish.PANIC, Request.STOP, "cancelled"),
    ],
)
def test_a_run_hears_what_is_asked_and_the_log_says_by_whom(scene: Scene, wish, request_, action):
    with at_work(scene) as (_, epochs):
        (answer,) = ask(scene.store, wish, [], "ada")
        assert asked(scene.store, epochs) is request_
    assert (answer.run_id, answer.fields) == (scene.run_id, (scene.name,))
    assert scene.admin.execute(EVENTS).fetchone() == (action, "ada", scene.run_id)


def test_who_asked_is_known_until_it_is_withdrawn(scene: Scene):
    with at_work(scene):
        ask(scene.store, Wish.PAUSE, [scene.name], "ada")
        (one,) = held(scene.store)
        assert (one.request, one.asked_by) == (Request.PAUSE, "ada")
        assert one.asked is not None
        ask(scene.store, Wish.RESUME, [scene.name], "bob")
        (one,) = held(scene.store)
        assert (one.request, one.asked_by, one.asked) == (None, None, None)


def test_where_no_run_is_at_work_nothing_is_asked(scene: Scene):
    with pytest.raises(Refused, match="no run is at work; see `reseal status`"):
        ask(scene.store, Wish.STOP, [], "ada")
    with at_work(scene), pytest.raises(Refused, match=r"no run is at work on other\.field"):
        ask(scene.store, Wish.STOP, ["other.field"], "ada")
    # Its row stays behind, and nobody is at work on it.
    with pytest.raises(Refused):
        ask(scene.store, Wish.STOP, [scene.name], "ada")


def test_a_panic_cancels_what_the_run_does_and_nobody_else(scene: Scene):
    ended: dict[str, float] = {}

    def sleep(name: str, store: Store) -> None:
        began = monotonic()
        try:
            store.execute("SELECT pg_sleep(4)")
        except Exception as error:
            ended[f"{name} {type(error).__name__}"] = monotonic() - began
        else:
            ended[name] = monotonic() - began

    application = scene.access.store("someone else")
    worker = scene.access.store(f"run {scene.run_id}")
    threads = [Thread(target=sleep, args=a) for a in (("run", worker), ("other", application))]
    with at_work(scene):
        for thread in threads:
            thread.start()
        while scene.admin.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(4)'"
        ).fetchone() != (2,):
            pass
        (answer,) = ask(scene.store, Wish.PANIC, [], "ada")
    for thread in threads:
        thread.join()
    assert answer.cancelled == 1
    assert set(ended) == {"run Transient", "other"}
    application.close()
    worker.close()
