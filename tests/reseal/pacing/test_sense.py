"""Each signal is told by a real server, and what it does not tell is known not to be known."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from reseal.access import Access
from reseal.config import parse_config
from reseal.modes import Mode
from reseal.pacing import sense as module
from reseal.pacing.limits import bounds
from reseal.pacing.sense import Sense
from reseal.pacing.signal import Reading, Signal
from reseal.store.store import Store
from tests.conftest import USERS_FIELD
from tests.flows.scene import wait_until
from tests.reseal.pacing.sessions import sessions

FIELD = "users.mfa_secret"
RUN = str(uuid4())
ENROL = "INSERT INTO users (email) SELECT 'user' || n FROM generate_series(1, %s) n"
CUT = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s"
SLEEP = "SELECT * FROM users WHERE id = 1 FOR UPDATE"


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sense(access: Access, store: Store, admin: psycopg.Connection, clock: Clock) -> Iterator[Sense]:
    """A sense for a table of some users."""
    admin.execute(ENROL, [50])
    made = sense_of(access, clock)
    yield made
    made.close()


def sense_of(access: Access, clock: Callable[[], float]) -> Sense:
    limits = bounds(Mode.STANDARD, access.config.pace)
    return Sense(access, [FIELD], RUN, limits, clock)


def told(sense: Sense, signal: Signal) -> Reading:
    """What is told of a signal after another look, with all of it due."""
    sense._asked.clear()
    sense.look()
    return next(one for one in sense.readings() if one.signal is signal)


def test_a_quiet_server_is_far_from_every_limit(sense: Sense):
    sense.begin()
    sense.look()

    assert sense.usual_ms is not None
    assert {one.signal for one in sense.readings()} == {
        Signal.LOGIN, Signal.BLOCKED, Signal.QUEUED, Signal.ACTIVE, Signal.SNAPSHOT,
        Signal.RETAINED, Signal.WAL, Signal.DEAD,
    }  # fmt: skip
    assert all(one.part < 1 and one.age == 0 for one in sense.readings())
    assert sense.missing == {
        Signal.LAG: "no standby is connected",
        Signal.ARCHIVE: "the server archives nothing",
        Signal.POOL: "no application reports its pool",
    }


def test_a_login_query_that_takes_long_is_not_asked_again_and_again(
    sense: Sense, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_MOST_ASKED_MS", 0.0)
    sense.begin()

    assert sense.is_by_key
    assert sense.usual_ms is not None
    assert told(sense, Signal.LOGIN).limit == 10.0


def test_a_table_that_is_locked_at_first_is_no_yardstick(
    sense: Sense, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "BRIEFLY", f"{module.BRIEFLY}; SET lock_timeout = '50ms'")
    sense._opened()
    with admin.transaction():
        admin.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        sense.begin()

        assert sense.usual_ms is None
        assert told(sense, Signal.LOGIN).part > 1
    for _ in range(5):
        sense.look()
    assert told(sense, Signal.LOGIN).part < 1


def test_a_login_may_take_a_multiple_of_what_it_usually_takes(sense: Sense):
    sense.begin()
    sense.usual_ms = 100.0

    limits = sense.bounds.with_login(sense.usual_ms, {}).limits
    assert limits[Signal.LOGIN] == 300.0


def test_who_waits_for_the_run_is_told_from_who_waits_for_somebody_else(
    sense: Sense, database: str, access: Access
):
    for name, is_ours in ((f"reseal run {RUN}", True), ("somebody", False)):
        with psycopg.connect(database, application_name=name) as holder:
            holder.execute(SLEEP.encode())
            with sessions(database, SLEEP):
                wait_until(lambda: told(sense, Signal.QUEUED).value > 0.05)
                assert (told(sense, Signal.BLOCKED).value > 0.05) is is_ours
        wait_until(lambda: told(sense, Signal.QUEUED).value == 0)


def test_the_run_that_waits_itself_is_nobody_who_is_kept_waiting(sense: Sense, database: str):
    with psycopg.connect(database) as holder:
        holder.execute(SLEEP.encode())
        with sessions(database, SLEEP, name=f"reseal run {RUN}"):
            wait_until(lambda: holder.execute("SELECT 1 FROM pg_locks WHERE NOT granted").rowcount)
            assert told(sense, Signal.QUEUED).value == 0


def test_sessions_that_keep_the_processors_busy_are_counted_but_not_the_run_s_own(
    sense: Sense, database: str
):
    work = "SELECT count(*) FROM generate_series(1, 1000000000)"
    with sessions(database, work, name=f"reseal run {RUN}"):
        assert told(sense, Signal.ACTIVE).value == 0
    with sessions(database, *[work] * 4):
        cores = sense._opened().server.cores
        assert cores is not None
        wait_until(lambda: told(sense, Signal.ACTIVE).value >= 4 / cores)


def test_a_long_transaction_shows_by_its_age(sense: Sense, database: str, admin):
    with psycopg.connect(database, application_name="report") as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM users")
        wait_until(lambda: told(sense, Signal.SNAPSHOT).value > 0.2)
    assert told(sense, Signal.SNAPSHOT).value < 0.2


def test_a_slot_that_nobody_reads_shows_by_what_it_keeps(sense: Sense, admin: psycopg.Connection):
    admin.execute("SELECT pg_create_physical_replication_slot('idle', true)")
    try:
        before = told(sense, Signal.RETAINED).value
        admin.execute("SELECT pg_logical_emit_message(false, 'x', repeat('x', 2000000))")
        # The last of it is in memory for a moment yet.
        wait_until(lambda: told(sense, Signal.RETAINED).value - before > 1.5)
    finally:
        admin.execute("SELECT pg_drop_replication_slot('idle')")


def test_what_the_server_may_lose_of_a_slot_is_half_the_limit(sense: Sense, admin):
    admin.execute("ALTER SYSTEM SET max_slot_wal_keep_size = '64MB'")
    admin.execute("SELECT pg_reload_conf()")
    try:
        wait_until(lambda: admin.execute("SHOW max_slot_wal_keep_size").fetchone() == ("64MB",))
        assert told(sense, Signal.RETAINED).limit == 32
    finally:
        admin.execute("ALTER SYSTEM RESET max_slot_wal_keep_size")
        admin.execute("SELECT pg_reload_conf()")


def test_the_pool_whose_callers_wait_longest_counts_while_it_reports(
    sense: Sense, admin: psycopg.Connection
):
    said = "INSERT INTO reseal.sample (source, name, value) VALUES (%s, 'pool.wait_ms', %s)"
    for source, waits in (("web-1", 900), ("web-1", 30), ("web-2", 70)):
        admin.execute(said, [source, waits])
    assert told(sense, Signal.POOL).value == 70
    admin.execute("UPDATE reseal.sample SET at = at - interval '5 minutes'")
    assert told(sense, Signal.POOL).value == 0


def test_dead_rows_show_beside_the_live_ones(sense: Sense, admin: psycopg.Connection):
    admin.execute("ALTER TABLE users SET (autovacuum_enabled = false)")
    admin.execute(ENROL.replace("'user'", "'more'"), [12_000])
    admin.execute("DELETE FROM users WHERE email LIKE 'more%'")
    admin.execute("SELECT pg_stat_force_next_flush()")

    wait_until(lambda: told(sense, Signal.DEAD).value > 100)


def test_how_fast_the_log_grows_counts_only_where_somebody_says_what_is_too_fast(
    access: Access, store: Store, admin: psycopg.Connection, clock: Clock
):
    described = {"field": [USERS_FIELD], "pace": {"limits": {"wal_mb_per_second": 1}}}
    sense = sense_of(replace(access, config=parse_config(described)), clock)
    told(sense, Signal.WAL_RATE)
    admin.execute("SELECT pg_logical_emit_message(false, 'x', repeat('x', 4000000), true)")
    clock.now += 2

    assert told(sense, Signal.WAL_RATE).part > 1
    sense.close()


def test_what_a_role_may_not_see_is_told_with_the_remedy(
    access: Access, store: Store, admin: psycopg.Connection, clock: Clock
):
    role = f"reseal_runner_{uuid4().hex[:8]}"
    name = sql.Identifier(role)
    admin.execute(sql.SQL("CREATE ROLE {} LOGIN; GRANT SELECT ON users TO {}").format(name, name))
    parts = psycopg.conninfo.conninfo_to_dict(access.url)
    poor = replace(access, url=psycopg.conninfo.make_conninfo("", **{**parts, "user": role}))
    sense = sense_of(poor, clock)
    try:
        sense.look()
        known = {one.signal for one in sense.readings()}
        assert {Signal.BLOCKED, Signal.QUEUED, Signal.RETAINED} <= known
        for signal in (Signal.ACTIVE, Signal.SNAPSHOT):
            assert "GRANT pg_monitor" in sense.missing[signal]
        assert "permission denied" in sense.missing[Signal.WAL]
        assert not known & set(sense.missing)
    finally:
        sense.close()
        admin.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(name))


def test_the_cores_of_a_server_elsewhere_are_told_by_somebody_or_not_known(
    access: Access, store: Store, clock: Clock
):
    described = {"field": [USERS_FIELD], "pace": {"server_cores": 64}}
    sense = sense_of(replace(access, config=parse_config(described)), clock)

    assert sense._opened().server.cores == 64
    sense.close()


def test_what_is_not_told_any_more_grows_older_until_it_is_told_again(
    sense: Sense, admin: psycopg.Connection, clock: Clock
):
    sense.look()
    admin.execute(CUT, [f"reseal samples {RUN}"])
    clock.now += 7

    sense.look()
    assert {one.age for one in sense.readings()} == {7.0}
    sense.look()
    assert told(sense, Signal.BLOCKED).age == 0


def test_of_a_server_that_is_away_from_the_beginning_nothing_is_known(access, clock: Clock):
    away = replace(access, url="postgresql://nobody@127.0.0.1:1/none")
    sense = sense_of(away, clock)
    clock.now += 9
    sense.begin()
    sense.look()

    assert {one.signal for one in sense.readings()} == set(sense.bounds.limits)
    assert {one.age for one in sense.readings()} == {9.0}


def test_an_empty_table_has_no_login_to_time_and_one_that_became_empty_is_no_mystery(
    sense: Sense, admin: psycopg.Connection, clock: Clock
):
    sense.look()
    admin.execute("TRUNCATE users")
    clock.now += 7

    assert told(sense, Signal.LOGIN).age == 0
    fresh = sense_of(sense.access, clock)
    fresh.look()
    assert fresh.missing[Signal.LOGIN] == "there is no row to ask for"
    fresh.close()
