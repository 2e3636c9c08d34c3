"""A scene: a table with rows, and the verbs of the sweep on it."""

import psycopg
import pytest

from reseal.access import Access
from reseal.store.store import Store
from tests.reseal.scene import Scene


@pytest.fixture
def scene(access: Access, store: Store, admin: psycopg.Connection) -> Scene:
    """The table `users`, its schema made and a first data key active."""
    return Scene(access, store, admin)
