"""A pool on a real server: up and down with its load, beside another, over a restart."""

import gc
import os
import threading
import time
import weakref
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg_pool import PoolTimeout

import reseal
from reseal import Vault
from reseal.pool import AdaptivePool
from reseal.pool.governor import Rhythm
from reseal.pool.scaling import SPARE
from reseal.store import sample
from tests.chaos.server import own_server
from tests.conftest import SENTINEL
from tests.reseal.pool.logins import FIELD, Logins, wait_until
from tests.scratch import scratch

QUICK = Rhythm(look=0.05, calm=0.5, health=0.2, sample=0.3)
SEEN = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'the application'"
NAMED = {"application_name": "the application"}


@pytest.fixture
def open_pool(database):
    with ExitStack() as opened:

        def open_one(url=database, tier="production", **words) -> AdaptivePool:
            options = {"rhythm": QUICK, "kwargs": NAMED, "min_size": 5, **words}
            return opened.enter_context(reseal.AdaptivePool(url, tier, **options))

        yield open_one


@pytest.fixture
def seen(admin):
    """How many connections of the application the server has."""
    return lambda: admin.execute(SEEN).fetchone()[0]


@pytest.fixture
def logins(store, config, access, admin, open_pool):
    def made(pool: AdaptivePool) -> Logins:
        vault = Vault.connect(pool, config, access.kek(), beats=None)
        (user,) = admin.execute("INSERT INTO users (email) VALUES ('ada') RETURNING id").fetchone()
        sealed = vault.seal(FIELD, user, SENTINEL)
        admin.execute("UPDATE users SET mfa_secret = %s WHERE id = %s", [sealed, user])
        return Logins(pool, vault, user)

    return made


def rests_in_band(pool: AdaptivePool) -> bool:
    """Whether 60 to 70 % of it is in use, and still is a while later."""
    for _ in range(10):
        time.sleep(0.05)
        if not 0.6 <= pool.reading().utilisation <= 0.7:
            return False
    return True


@pytest.mark.slow
def test_it_follows_a_load_that_grows_ten_times_and_goes_again(logins, open_pool, seen):
    pool = open_pool()
    with logins(pool).at_work(40) as application:
        application.busy = 4
        wait_until(lambda: application.done > 20)
        calm = pool.reading().size
        application.busy = 40
        up = wait_until(lambda: pool.reading().size >= 7 * calm and rests_in_band(pool))
        most = pool.reading()
        application.busy = 4
        down = wait_until(lambda: seen() <= calm + 2)
    at_the_end = pool.reading()
    print(
        f"{calm} connections; under ten times the load {most.size} after {up:.1f} s, "
        f"{most.utilisation:.0%} in use; given back {down:.1f} s after the load went: {seen()}; "
        f"{application.done} logins, {at_the_end.count.timeouts} without a connection"
    )
    assert application.errors == []
    assert (at_the_end.errors, at_the_end.lost) == (0, 0)
    assert at_the_end.grown > 1
    assert at_the_end.shrunk > 0
    assert at_the_end.count.used == 0


def test_two_pools_share_what_little_the_server_has_and_nobody_sees_an_error(
    database, admin, logins, open_pool, seen
):
    role, name = f"app_{uuid4().hex[:8]}", sql.Identifier
    admin.execute(sql.SQL("CREATE ROLE {} LOGIN CONNECTION LIMIT 16").format(name(role)))
    admin.execute(sql.SQL("GRANT SELECT ON users TO {}").format(name(role)))
    whole = open_pool()
    first = logins(whole)
    url = psycopg.conninfo.make_conninfo(database, user=role)
    pools = [open_pool(url, min_size=2, kwargs={}) for _ in range(2)]
    applications = [Logins(pool, first.vault, first.user, busy=20) for pool in pools]
    with applications[0].at_work(20), applications[1].at_work(20):
        wait_until(lambda: sum(pool.reading().open for pool in pools) >= 16 - SPARE - 1)
        wait_until(lambda: all(one.done > 100 for one in applications))
    sizes = [pool.reading().size for pool in pools]
    print(f"16 connections are allowed: the pools have {sizes}")
    for pool in pools:
        pool.close()
    admin.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(name(role)))
    assert [one.errors for one in applications] == [[], []]
    assert sum(sizes) <= 16
    assert min(sizes) > 2


@pytest.mark.slow
def test_it_comes_back_when_the_server_was_away(open_pool):
    with scratch("reseal-pool-") as directory, own_server(Path(directory)) as server:
        pool = open_pool(server.url, min_size=8, timeout=30.0)
        pool.wait()
        server.crash()
        with pytest.raises(PoolTimeout), pool.connection(timeout=0.5):
            pass
        wait_until(lambda: not pool.reading().is_healthy)
        server.restart()
        with pool.connection() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        back = wait_until(lambda: pool.reading().is_healthy and pool.reading().open == 8)
        now = pool.reading()
        print(
            f"all {now.open} connections stand {back:.1f} s after the first; {now.lost} were lost"
        )
        assert now.lost > 0
        pool.close()


def test_what_it_measures_is_kept_under_its_name(store, open_pool):
    pool = open_pool(schema="reseal", source="web-1")
    hour = timedelta(hours=1)
    with pool.connection(), pool.connection():
        wait_until(lambda: len(sample.since(store, "pool.used", hour)) > 0)
    (used, *_) = sample.since(store, "pool.used", hour)
    assert (used.source, used.value) == ("web-1", 2.0)
    assert sample.since(store, "pool.size", hour)[0].value == 5


def test_where_samples_cannot_be_kept_it_says_so_and_goes_on(open_pool, caplog):
    pool = open_pool(schema="nowhere")
    wait_until(lambda: "could not be kept" in caplog.text)
    with pool.connection() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_one_that_is_dropped_leaves_no_thread_and_no_connection(database, seen):
    pool = AdaptivePool(database, "development", rhythm=QUICK, kwargs=NAMED)
    pool.wait()
    dropped = weakref.ref(pool)
    assert seen() == 2
    del pool
    gc.collect()
    wait_until(lambda: dropped() is None and seen() == 0)
    wait_until(lambda: "reseal pool" not in {thread.name for thread in threading.enumerate()})


def test_a_vault_on_it_goes_on_in_a_forked_process(logins, open_pool):
    application = logins(open_pool())
    child = os.fork()
    if not child:
        try:
            application.vault.refresh()
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_role_that_may_not_see_sessions_still_counts_those_of_others(database, admin, server):
    role = f"app_{uuid4().hex[:8]}"
    admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
    url = psycopg.conninfo.make_conninfo(database, user=role)
    before = reseal.pool.limits_of(url)[0].used
    with psycopg.connect(database), psycopg.connect(database):
        after = reseal.pool.limits_of(url)[0].used
    admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
    assert after == before + 2
    assert before > 0
