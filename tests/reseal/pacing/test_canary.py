"""What a login takes is told by the server's own clock, whatever the table is like."""

import psycopg
import pytest

from reseal.access import Access
from reseal.errors import Transient
from reseal.pacing.canary import Canary
from reseal.store.store import Store

FIELD = "users.mfa_secret"
ENROL = "INSERT INTO users (email) SELECT 'user' || n FROM generate_series(1, 50) n"


@pytest.fixture
def users(admin: psycopg.Connection) -> None:
    """Some users."""
    admin.execute(ENROL)


def canary(access: Access, store: Store) -> Canary:
    return Canary.of(store, access.target(store, FIELD))


def test_a_login_is_timed(users: None, access: Access, store: Store):
    took = canary(access, store).ask(store)

    assert took is not None
    assert 0 < took < 1000


def test_a_table_without_a_login_column_is_asked_by_its_key(
    users: None, access: Access, store: Store, admin: psycopg.Connection
):
    admin.execute("ALTER TABLE users DROP COLUMN mfa_enabled")

    assert canary(access, store).ask(store) is not None


def test_an_empty_table_has_no_login_to_time(access: Access, store: Store):
    assert canary(access, store).ask(store) is None


def test_a_login_that_waits_for_a_lock_counts_as_far_as_it_waited(
    users: None, access: Access, store: Store, admin: psycopg.Connection
):
    asks = canary(access, store)
    store.execute("SET lock_timeout = '60ms'")

    with admin.transaction():
        admin.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        took = asks.ask(store)

    assert took is not None
    assert took >= 50


def test_a_login_that_gets_a_row_and_no_lock_is_told_and_the_connection_goes_on(
    users: None, access: Access, store: Store, admin: psycopg.Connection
):
    asks = canary(access, store)
    store.execute("SET lock_timeout = '60ms'")
    row = asks.row(store)
    assert row is not None

    with admin.transaction():
        admin.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Transient):
            asks.milliseconds(store, row)

    assert asks.milliseconds(store, row) < 1000
