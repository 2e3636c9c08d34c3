"""The covering index stays where it helps, though the server learns of it a while later."""

from collections.abc import Callable

import psycopg
import pytest

from reseal.optimise.result import Optimisation
from reseal.optimise.stage import optimise
from reseal.patience import Patience
from reseal.store.catalog import Target, describe
from reseal.store.store import Store
from tests.conftest import USERS_FIELD

ROWS = """
INSERT INTO users (email, mfa_secret)
SELECT n || '@example.com', repeat('x', 188) FROM generate_series(1, 2000) AS n
"""


@pytest.fixture
def target(store: Store, config, admin: psycopg.Connection) -> Target:
    admin.execute("SET synchronous_commit = off")
    admin.execute(ROWS)
    return describe(store, config.field(USERS_FIELD["name"]))


def flush(admin: psycopg.Connection) -> None:
    """Have on disk what was committed: before, VACUUM does not mark its pages as all-visible."""
    admin.execute("SET synchronous_commit = on")
    admin.execute("CREATE TABLE flushed ()")


def optimised(store: Store, target: Target, sleep: Callable[[float], None]) -> Optimisation:
    store.execute("SET synchronous_commit = off")
    return optimise(store, target, Patience(tries=3, sleep=sleep))


def test_an_index_that_helps_is_kept_at_once(store, target, admin):
    flush(admin)
    waited: list[float] = []

    made = optimised(store, target, waited.append)

    assert (made.kept, waited) == (True, []), made.reason
    assert made.before
    assert made.after
    assert made.after.cost < made.before.cost


def test_what_was_just_committed_is_waited_for(store, target, admin):
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        flush(admin)

    made = optimised(store, target, sleep)

    # The server may have come before us.
    assert made.kept, made.reason
    assert len(waited) <= 1
