"""The audit log: nothing is changed or removed without leaving a broken link."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reseal.errors import RowRefused
from reseal.store.event import Event, append, broken_links

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**30), 10**30)
leaves = st.none() | st.booleans() | numbers | texts
details = st.dictionaries(
    texts,
    st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(texts, inner)),
    max_size=4,
)


def three(store) -> list[int]:
    for action in ("run started", "stage done", "run finished"):
        append(store, Event(uuid4(), "ada", action, {"field": "users.mfa_secret", "rows": 3}))
    rows = store.execute("SELECT event_id FROM {reseal}.event ORDER BY event_id")
    return [event_id for (event_id,) in rows]


def tamper(admin, statement: str) -> None:
    """Edit the log as only the table's owner can, with the trigger out of the way."""
    admin.execute("ALTER TABLE reseal.event DISABLE TRIGGER USER")
    admin.execute(statement.encode())
    admin.execute("ALTER TABLE reseal.event ENABLE TRIGGER USER")


def test_an_untouched_log_has_no_broken_link(store):
    assert list(broken_links(store)) == []
    three(store)
    assert list(broken_links(store)) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {reseal}.event SET actor = 'eve'",
        "DELETE FROM {reseal}.event",
        "TRUNCATE {reseal}.event",
    ],
)
def test_the_log_only_grows(store, statement):
    events = three(store)

    with pytest.raises(RowRefused, match="P0001"):
        store.execute(statement)
    assert store.need("SELECT count(*) FROM {reseal}.event") == (len(events),)


@pytest.mark.parametrize(
    "edit",
    [
        "actor = 'eve'",
        "action = 'run failed'",
        "detail = '{}'",
        "detail = jsonb_set(detail, '{rows}', '4')",
        "at = at + interval '1 microsecond'",
        "run_id = NULL",
        "run_id = gen_random_uuid()",
        "previous = hash",
        "hash = previous",
    ],
)
def test_an_edited_event_is_found(store, admin, edit):
    _, second, _ = three(store)
    tamper(admin, f"UPDATE reseal.event SET {edit} WHERE event_id = {second}")

    assert second in list(broken_links(store))


@pytest.mark.parametrize(("removed", "found"), [(0, 1), (1, 2)])
def test_a_removed_event_is_found_at_the_next(store, admin, removed, found):
    events = three(store)
    tamper(admin, f"DELETE FROM reseal.event WHERE event_id = {events[removed]}")

    assert list(broken_links(store)) == [events[found]]


def test_events_that_change_places_are_found(store, admin):
    first, second, _ = three(store)
    tamper(
        admin,
        "UPDATE reseal.event e SET (actor, action, at, detail, run_id, hash, previous) ="
        " (o.actor, o.action, o.at, o.detail, o.run_id, o.hash, o.previous) FROM reseal.event o"
        f" WHERE e.event_id IN ({first}, {second}) AND o.event_id IN ({first}, {second})"
        " AND e.event_id <> o.event_id",
    )

    assert list(broken_links(store)) != []


def test_writers_that_come_at_once_make_one_chain(access, store):
    def write(number: int) -> None:
        own = access.store(f"writer {number}")
        for step in range(15):
            append(own, Event(None, str(number), "step", {"n": step}))
        own.close()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(write, range(6)))

    assert store.need("SELECT count(*) FROM {reseal}.event") == (90,)
    assert list(broken_links(store)) == []


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(detail=details)
def test_any_detail_survives_the_way_through_the_database(store, detail):
    append(store, Event(None, "ada", "said", detail))

    assert list(broken_links(store)) == []


def test_an_event_of_a_transaction_that_fails_is_not_in_the_chain(store):
    three(store)
    with store.connection.transaction(force_rollback=True):
        append(store, Event(None, "ada", "lost", {}))
    three(store)

    assert store.need("SELECT count(*) FROM {reseal}.event") == (6,)
    assert list(broken_links(store)) == []
