"""The server, the database and the table that every measurement gets anew."""

import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from reseal.embedded import start_server
from tests.flows.scene import stop_server

SOURCE = """
CREATE TABLE source AS
SELECT i::bigint AS id, 'user' || i || '@example.com' AS email,
       timestamptz '2026-01-01' + i * interval '1 minute' AS last_login,
       -- 32 hexadecimal digits, moved into the alphabet of base32.
       upper(translate(left(encode(sha256(i::text::bytea), 'hex'), 32), '0189', 'WXYZ'))
           AS mfa_secret
FROM generate_series(1, {rows}) AS i
"""

FRESH = (
    "DROP SCHEMA IF EXISTS reseal CASCADE",
    "DROP TABLE IF EXISTS users",
    "CREATE TABLE users AS SELECT * FROM source",
    "ALTER TABLE users ADD PRIMARY KEY (id)",
    "ALTER TABLE users ADD UNIQUE (email)",
    "VACUUM ANALYZE users",
    "CHECKPOINT",
)

CONFIG = """
[[field]]
name = "users.mfa_secret"
table = "public.users"
column = "mfa_secret"
"""


@dataclass(frozen=True)
class Site:
    """A server on a socket in a directory of its own, keys in variables, a table of `rows`."""

    url: str
    directory: Path
    rows: int
    keys: dict[str, str] = field(repr=False)

    @contextmanager
    def connected(self) -> Iterator[psycopg.Connection]:
        """Connect, to arrange and to look."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            yield connection

    def renew(self) -> None:
        """Make the table anew, as large and as packed as the first time."""
        with self.connected() as connection:
            for statement in FRESH:
                connection.execute(statement)

    @property
    def postmaster(self) -> int:
        """The process that all of the server's processes are children of."""
        return int((self.directory / "data" / "postmaster.pid").read_text().split()[0])

    @property
    def environment(self) -> dict[str, str]:
        """The variables that the command line is run with."""
        mine = {name: text for name, text in os.environ.items() if not name.startswith("RESEAL_")}
        return mine | self.keys | {
            "RESEAL_DATABASE_URL": self.url,
            "RESEAL_KEK": "env:BENCH_KEK",
            "RESEAL_BACKUP_KEK": "env:BENCH_BACKUP_KEK",
        }  # fmt: skip


@contextmanager
def opened(rows: int) -> Iterator[Site]:
    """Have a server with the source table for the length of the block."""
    with TemporaryDirectory(prefix="reseal-bench-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)
        url = start_server(directory / "data")
        keys = {k: b64encode(os.urandom(32)).decode() for k in ("BENCH_KEK", "BENCH_BACKUP_KEK")}
        site = Site(url, directory, rows, keys)
        (directory / "reseal.toml").write_text(CONFIG)
        try:
            with site.connected() as connection:
                connection.execute(SOURCE.format(rows=rows).encode())
            yield site
        finally:
            stop_server(directory / "data")
