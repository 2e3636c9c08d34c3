"""The server, the database and the table that every measurement gets anew."""

import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from tests.bench.server import running
from tests.bench.table import PACK, Filling, Table

CONFIG = """
[[field]]
name = "users.mfa_secret"
table = "public.users"
column = "mfa_secret"
"""


@dataclass(frozen=True)
class Site:
    """A server on a socket in a directory of its own, keys in variables, a table of users."""

    url: str
    directory: Path
    table: Table
    keys: dict[str, str] = field(repr=False)

    def with_rows(self, most: int | None) -> "Site":
        """Return the same site with a smaller table, for what is too slow for the whole of it."""
        rows = self.table.rows if most is None else min(most, self.table.rows)
        return replace(self, table=replace(self.table, rows=rows))

    @contextmanager
    def connected(self) -> Iterator[psycopg.Connection]:
        """Connect, to arrange and to look."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            yield connection

    def renew(self, filling: Filling = Filling.PLAIN) -> None:
        """Make the table anew, as packed as the first time."""
        self._execute(self.table.renewal(filling))

    def pack(self) -> None:
        """Rewrite the table, so that what was written last leaves no room behind."""
        self._execute(PACK)

    def count(self, condition: str) -> int:
        """Return how many users there are of whom something is true, beside what they had."""
        query = f"SELECT count(*) FROM users JOIN source USING (id) WHERE {condition}"
        with self.connected() as connection:
            row = connection.execute(query.encode()).fetchone()
        return int(row[0]) if row else 0

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

    def _execute(self, statements: list[str] | tuple[str, ...]) -> None:
        with self.connected() as connection:
            for statement in statements:
                connection.execute(statement.encode())


@contextmanager
def opened(table: Table, programs: Path | None = None) -> Iterator[Site]:
    """Have a server with what the table is filled from, for the length of the block."""
    with TemporaryDirectory(prefix="reseal-bench-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)
        (directory / "reseal.toml").write_text(CONFIG)
        keys = {k: b64encode(os.urandom(32)).decode() for k in ("BENCH_KEK", "BENCH_BACKUP_KEK")}
        with running(directory / "data", programs) as url:
            site = Site(url, directory, table, keys)
            with site.connected() as connection:
                connection.execute(table.source().encode())
            yield site
