"""Pools in four tiers: their size, what the server has room for, how they hand connections out."""

import asyncio
import logging
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql
from psycopg_pool import PoolTimeout

from reseal.errors import ConfigurationError, SettingsError, StoreError, Unreachable
from reseal.pool import Limit, Size, Tier, fit, limits_of, open_async_pool, open_pool

ROOMY = Limit("the server", 1000, 0)


@pytest.mark.parametrize(
    ("tier", "least", "most", "seconds"),
    [
        (Tier.DEVELOPMENT, 2, 10, 10),
        (Tier.STAGING, 5, 40, 30),
        (Tier.PRODUCTION, 25, 120, 60),
        (Tier.ENTERPRISE, 50, 250, 60),
    ],
)
def test_a_tier_has_its_size_and_ten_more_for_mfa(tier, least, most, seconds):
    assert fit(tier, 10, [ROOMY]) == Size(least, most + 10)
    assert fit(tier, 0, [ROOMY]) == Size(least, most)
    assert tier.acquire_seconds == seconds


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ([Limit("the server", 97, 7)], (25, 90)),
        ([Limit("the server", 97, 80)], (17, 17)),
        ([ROOMY, Limit("the role", 30, 0)], (25, 30)),
        ([ROOMY, Limit("the database", 5, 4), Limit("the role", 30, 0)], (1, 1)),
    ],
)
def test_a_pool_takes_what_is_free_and_says_what_cut_it(limits, expected):
    size = fit(Tier.PRODUCTION, 10, limits)

    assert (size.least, size.most) == expected
    assert size.cut_by == min(limits, key=lambda limit: limit.free)
    assert str(size).endswith("in use")


@pytest.mark.parametrize("used", [97, 120])
def test_where_nothing_is_free_there_is_no_pool(used):
    with pytest.raises(StoreError, match=f"the server allows 97, of which {used} are in use"):
        fit(Tier.DEVELOPMENT, 0, [Limit("the server", 97, used)])


@given(
    st.sampled_from(Tier),
    st.integers(0, 100),
    st.lists(st.builds(Limit, st.just("x"), st.integers(1, 500), st.integers(0, 500)), min_size=1),
)
def test_no_pool_is_larger_than_any_limit_allows(tier, boost, limits):
    free = min(limit.free for limit in limits)
    if not free:
        with pytest.raises(StoreError):
            fit(tier, boost, limits)
        return
    size = fit(tier, boost, limits)
    assert 1 <= size.least <= size.most <= min(free, tier.value[1] + boost)


@pytest.mark.parametrize(("tier", "boost"), [("huge", 10), ("PRODUCTION", 10), ("staging", -1)])
def test_what_is_no_tier_and_no_boost_is_refused(database, tier, boost):
    with pytest.raises(ConfigurationError):
        open_pool(database, tier, mfa_boost=boost)


def test_without_a_database_the_setting_is_named(monkeypatch):
    monkeypatch.delenv("RESEAL_DATABASE_URL", raising=False)
    with pytest.raises(SettingsError, match="set RESEAL_DATABASE_URL"):
        open_pool()


def test_a_server_that_is_not_there_is_said_at_once():
    with pytest.raises(Unreachable):
        open_pool("postgresql://127.0.0.1:1/none")


def test_the_server_is_asked_for_what_is_reserved_and_used(database, admin):
    before = limits_of(database)[0]
    with psycopg.connect(database), psycopg.connect(database):
        after = limits_of(database)[0]

    (most,) = admin.execute("SHOW max_connections").fetchone()
    assert after.allowed == before.allowed < int(most)
    assert after.used == before.used + 2


def test_a_limit_of_the_role_or_of_the_database_counts(database, admin):
    role, name = f"app_{uuid4().hex[:8]}", psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    admin.execute(sql.SQL("CREATE ROLE {} LOGIN CONNECTION LIMIT 4").format(sql.Identifier(role)))
    admin.execute(
        sql.SQL("ALTER DATABASE {} CONNECTION LIMIT 30").format(sql.Identifier(str(name)))
    )
    url = psycopg.conninfo.make_conninfo(database, user=role)

    found = {limit.name: limit.allowed for limit in limits_of(url)}
    with open_pool(url, "development") as pool:
        assert pool.max_size == 4
    admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
    assert (found["the role"], found["the database"]) == (4, 30)


def test_a_pool_serves_checked_connections_and_says_its_size(database, caplog):
    with (
        caplog.at_level(logging.INFO, "reseal.pool"),
        open_pool(database, "development", mfa_boost=1) as pool,
    ):
        with pool.connection() as connection:
            pid = connection.info.backend_pid
        with psycopg.connect(database, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])
        # The dead one is noticed before anybody is given it.
        with pool.connection() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert "pool of tier development: 2 to 11 connections" in caplog.text


def test_a_pool_that_is_cut_warns(database, caplog):
    with open_pool(database, "enterprise", min_size=1) as pool:
        assert pool.max_size < 100
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "the server allows" in record.getMessage()


def test_options_of_the_caller_win(database):
    with open_pool(
        database, "production", min_size=1, max_size=1, timeout=0.1, name="mine"
    ) as pool:
        assert (pool.min_size, pool.max_size, pool.timeout, pool.name) == (1, 1, 0.1, "mine")
        with pool.connection(), pytest.raises(PoolTimeout), pool.connection():
            pass


def test_the_same_pool_for_asyncio(database):
    async def ask() -> tuple[object, int]:
        pool = await open_async_pool(database, "development")
        async with pool, pool.connection() as connection:
            row = await (await connection.execute("SELECT 1")).fetchone()
            return row, pool.max_size

    assert asyncio.run(ask()) == ((1,), 20)
