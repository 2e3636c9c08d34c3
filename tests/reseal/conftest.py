"""A scene: a table with rows, and the verbs of the sweep on it; and vaults of an application."""

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from reseal import Vault
from reseal.access import Access
from reseal.store.store import Store
from tests.reseal.scene import Scene


@pytest.fixture
def scene(access: Access, store: Store, admin: psycopg.Connection) -> Scene:
    """The table `users`, its schema made and a first data key active."""
    return Scene(access, store, admin)


@pytest.fixture
def pool(database):
    # As applications have them: rows as dictionaries, transactions left to the pool.
    with ConnectionPool(database, min_size=1, kwargs={"row_factory": dict_row}) as opened:
        yield opened


@pytest.fixture
def connect(pool, config, access):
    return lambda fields=config, **options: Vault.connect(
        pool, fields, access.kek(), beats=None, **options
    )
