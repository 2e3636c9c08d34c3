"""The audit log only grows, whoever asks, and the database itself numbers and chains it."""

import json
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from reseal.audit.action import Action
from reseal.audit.chain import Stored
from reseal.audit.link import digest, link
from reseal.audit.spelling import spelled
from reseal.audit.verify import verify_log
from reseal.errors import RowRefused
from reseal.store import event, reader
from reseal.store.event import Event, append
from reseal.store.reader import Reader

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**30), 10**30)
leaves = st.none() | st.booleans() | numbers | texts
details = st.dictionaries(
    texts,
    st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(texts, inner)),
    max_size=4,
)

CHANGES = (
    "UPDATE reseal.event SET actor = 'eve'",
    "UPDATE reseal.event SET actor = 'eve' WHERE false",
    "DELETE FROM reseal.event",
    "TRUNCATE reseal.event",
    "TRUNCATE reseal.event CASCADE",
)
OWNER = sql.Identifier("reseal owner")


@pytest.fixture
def log(store):
    """A log of three events after that of the first key."""
    for action in (Action.RUN_STARTED, Action.VALIDATED, Action.RUN_FINISHED):
        append(store, Event(uuid4(), "ada", action, {"field": "users.mfa_secret", "rows": 3}))
    return store


def stored(store) -> list[Stored]:
    with store.transaction():
        return list(event.links(store))


def test_the_log_only_grows(log, admin):
    before = stored(log)
    admin.execute("SET session_replication_role = replica")

    for statement in CHANGES:
        with pytest.raises(RowRefused, match="P0001"):
            log.execute(statement)
        # Whoever applies what another server has done gets no further.
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            admin.execute(statement)
    assert stored(log) == before


def test_nor_does_it_for_an_owner_who_is_no_superuser(log, admin):
    admin.execute(sql.SQL("DROP ROLE IF EXISTS {0}; CREATE ROLE {0}").format(OWNER))
    admin.execute(sql.SQL("GRANT USAGE ON SCHEMA reseal TO {}").format(OWNER))
    admin.execute(sql.SQL("ALTER TABLE reseal.event OWNER TO {}").format(OWNER))
    admin.execute(sql.SQL("SET ROLE {}").format(OWNER))
    try:
        for statement in CHANGES:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                admin.execute(statement)
    finally:
        admin.execute(sql.SQL("RESET ROLE; DROP OWNED BY {0}; DROP ROLE {0}").format(OWNER))


def test_number_time_role_and_links_are_the_databases_own(log, admin):
    admin.execute(
        """INSERT INTO reseal.event
               (event_id, run_id, correlation, actor, role, action, detail, at, previous, hash)
           VALUES (99, NULL, gen_random_uuid(), 'eve', 'nobody', 'approved', '{}', '1970-01-01',
                   'x', 'y')"""
    )

    assert verify_log(log).holds
    number, role, is_now = admin.execute(
        """SELECT event_id, role = session_user, at > clock_timestamp() - interval '1 minute'
           FROM reseal.event ORDER BY event_id DESC LIMIT 1"""
    ).fetchone()
    assert (number, role, is_now) == (5, True, True)


def test_every_event_says_who_and_by_what(log, admin):
    run_id = uuid4()
    append(log, Event(run_id, "ada", Action.RUN_UNDONE, {}))
    append(log, Event(run_id, "ada", Action.SEALED, {}, run_id))

    query = "SELECT correlation, account <> '', role <> '' FROM reseal.event ORDER BY event_id"
    *_, undone, sealed = admin.execute(query).fetchall()
    # What a command does is told by its connection's own id, and what a run does by the run's.
    assert undone == (log.correlation, True, True)
    assert sealed == (run_id, True, True)


def test_a_name_that_is_none_of_ours_is_not_entered(log):
    before = stored(log)

    with pytest.raises(ValueError, match="did something"):
        append(log, Event(None, "ada", "did something", {}))  # type: ignore[arg-type]
    assert stored(log) == before


def test_writers_that_come_at_once_make_one_chain(access, store):
    def write(number: int) -> None:
        own = access.store(f"writer {number}")
        for step in range(15):
            append(own, Event(None, str(number), Action.SEALED, {"n": step}))
        own.close()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(write, range(6)))

    walk = verify_log(store)
    assert (walk.faults, walk.head.events) == ([], 91)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(detail=details, actor=texts)
def test_whatever_an_event_says_is_chained_as_it_is_spelled_here(store, detail, actor):
    append(store, Event(None, actor, Action.SEALED, detail))

    last = stored(store)[-1]
    said = json.loads(last.body)
    assert spelled(said) == last.body
    assert link(last.previous or b"", digest(spelled(said))) == last.hash


def test_an_event_of_a_transaction_that_fails_leaves_no_gap(log):
    with log.connection.transaction(force_rollback=True):
        append(log, Event(uuid4(), "ada", Action.SEALED, {}))
    append(log, Event(uuid4(), "ada", Action.SEALED, {}))

    walk = verify_log(log)
    assert (walk.faults, walk.head.events) == ([], 5)


def test_an_application_that_treats_plaintext_otherwise_is_entered(store, admin):
    def beats(instance: str, policy: str, *, seals: bool = True) -> None:
        store.run(reader.telling(Reader(instance, {}, seals, policy)))

    beats("app/1", "allow")
    beats("app/1", "allow")
    beats("app/2", "allow")
    beats("app/2", "refuse")
    beats("app/2", "refuse", seals=False)

    query = "SELECT actor, detail FROM reseal.event WHERE action = %s ORDER BY event_id"
    first, second, third = admin.execute(query, [Action.POLICY_CHANGED]).fetchall()
    allows, refuses = {"policy": "allow", "seals": True}, {"policy": "refuse", "seals": True}
    assert first == ("app/1", {**allows, "before": None})
    assert second == ("app/2", {**refuses, "before": allows})
    assert third == ("app/2", {"policy": "refuse", "seals": False, "before": refuses})
    assert verify_log(store).holds
