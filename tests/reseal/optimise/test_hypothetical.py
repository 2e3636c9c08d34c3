"""Where HypoPG is, the planner is asked before anything is built."""

import os
from collections.abc import Iterator

import psycopg
import pytest

from reseal.config import Config
from reseal.optimise import build
from tests.reseal.optimise.conftest import LOGIN, Users
from tests.reseal.optimise.servers import users_on
from tests.schemas.servers import OLDER, both, need

pytestmark = pytest.mark.slow

AVAILABLE = "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'hypopg')"
_MISSING = "HypoPG is not installed for PostgreSQL 15 (Debian: postgresql-15-hypopg)"
SAME_FOR_ALL = "SELECT id, email FROM users WHERE plan = $1"


@pytest.fixture(scope="module")
def older(server: str) -> Iterator[str]:
    """A PostgreSQL 15 for which HypoPG is installed."""
    with both(server) as servers:
        url = need(servers, OLDER)
        with psycopg.connect(url) as connection:
            row = connection.execute(AVAILABLE).fetchone()
        if row != (True,):
            pytest.fail(_MISSING) if os.environ.get("CI") else pytest.skip(_MISSING)
        yield url


@pytest.fixture
def users(older: str, config: Config) -> Iterator[Users]:
    with users_on(older, config, "hypopg", 20_000) as made:
        yield made


def test_a_dry_run_tells_what_the_planner_would_take(users: Users):
    made = users.optimised(LOGIN, dry_run=True)

    assert "by HypoPG the cost falls from" in made.reason
    assert not made.kept
    assert len(users.indexes()) == 2


def test_what_the_planner_would_not_take_is_not_built(
    users: Users, monkeypatch: pytest.MonkeyPatch
):
    users.admin.execute("ALTER TABLE users ADD plan text NOT NULL DEFAULT 'free'")
    monkeypatch.setattr(build, "build", lambda *_: pytest.fail("it was built"))

    made = users.optimised(SAME_FOR_ALL)

    assert (made.kept, made.reason) == (False, "by HypoPG the planner would not take it")


def test_what_it_would_take_is_built_and_measured(users: Users):
    made = users.optimised(LOGIN)

    assert made.kept, made.reason
    assert made.index in users.indexes()
    assert users.store.need("SELECT count(*) FROM hypopg()")[0] == 0
