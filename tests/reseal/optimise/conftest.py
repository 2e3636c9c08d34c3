"""A table of users that no index finds by lower(email), and what is asked of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from reseal.config import Config
from reseal.optimise.policy import OptimisePolicy
from reseal.optimise.result import Optimisation
from reseal.optimise.stage import Wish, optimise
from reseal.patience import Patience
from reseal.store.catalog import Target, describe
from reseal.store.store import Store
from tests.conftest import USERS_FIELD

LOGIN = "SELECT id, mfa_enabled FROM users WHERE lower(email) = $1 AND mfa_enabled"

ROWS = """
INSERT INTO users (email, mfa_enabled, mfa_secret)
SELECT 'User' || n || '@Example.com', n %% 3 > 0, 'SECRET' || n FROM generate_series(1, %s) AS n
"""

INDEXES = """
SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = 'users'::regclass
"""


@dataclass
class Users:
    """The table, and the optimiser on it."""

    store: Store
    config: Config
    admin: psycopg.Connection
    rows: int = 20_000
    patience: Patience = field(default_factory=lambda: Patience(tries=8, first_wait=0.1))

    @property
    def target(self) -> Target:
        return describe(self.store, self.config.field(USERS_FIELD["name"]))

    def fill(self) -> None:
        # Committed at once, so that VACUUM can mark its pages.
        self.admin.execute("SET synchronous_commit = on")
        self.admin.execute(ROWS, [self.rows])

    def optimised(self, *queries: str, **wish: Any) -> Optimisation:
        asked = OptimisePolicy(queries)
        return optimise(self.store, self.target, self.patience, Wish(asked, **wish))

    def indexes(self) -> dict[str, str]:
        """The definitions of the table's indexes, by name."""
        return dict(self.admin.execute(INDEXES).fetchall())

    def ours(self) -> list[str]:
        """The names of those that the optimiser has built."""
        return [name for name in self.indexes() if name.startswith("reseal_")]


@pytest.fixture
def make_users(store: Store, config: Config, admin: psycopg.Connection) -> Callable[[int], Users]:
    """Make the table with so many rows."""

    def make(rows: int) -> Users:
        made = Users(store, config, admin, rows)
        made.fill()
        return made

    return make


@pytest.fixture
def users(make_users: Callable[[int], Users]) -> Users:
    """Twenty thousand users, of whom two in three have the second factor on."""
    return make_users(20_000)
