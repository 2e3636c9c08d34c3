"""Servers with what the session's has not: counted statements, and hypothetical indexes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from reseal.access import Access
from reseal.config import Config
from reseal.embedded import running_server
from reseal.store.store import Store
from tests.conftest import USERS
from tests.reseal.optimise.conftest import Users

PRELOAD = "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'"


@contextmanager
def counting(directory: Path) -> Iterator[str]:
    """Have a server that counts statements; yield its URL."""
    for parent in (directory, *directory.parents[:2]):
        parent.chmod(0o755)
    with (
        running_server(directory / "data") as url,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        connection.execute(PRELOAD)
    with running_server(directory / "data") as url:
        yield url


@contextmanager
def users_on(url: str, config: Config, extension: str, rows: int) -> Iterator[Users]:
    """Have the table of users on a server, with an extension beside it."""
    store: Store = Access(url, config, None, None, {}).store("test")
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE EXTENSION {extension}".encode())
        admin.execute(USERS)
        made = Users(store, config, admin, rows)
        made.fill()
        try:
            yield made
        finally:
            store.close()
            admin.execute(f"DROP TABLE users; DROP EXTENSION {extension}".encode())
