"""The servers that every table is tried on: the session's, and the machine's PostgreSQL 15."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = Path(os.environ.get("RESEAL_TEST_POSTGRES_15", "/usr/lib/postgresql/15/bin"))
NEWEST, OLDER = "PostgreSQL 18", "PostgreSQL 15"
_MISSING = (
    f"PostgreSQL 15 is not at {PROGRAMS}: install it (Debian: postgresql-15), or name the "
    "directory of its programs in RESEAL_TEST_POSTGRES_15"
)
# What only matters when the machine crashes.
_HURRIED = "fsync=off synchronous_commit=off full_page_writes=off"


Servers = dict[str, str]
"""The URL of the maintenance database by the server's name."""


@contextmanager
def both(given: str) -> Iterator[Servers]:
    """Have the session's server and, where the machine has its programs, a PostgreSQL 15."""
    if not (PROGRAMS / "initdb").exists():
        yield {NEWEST: given}
        return
    with postgres_15() as url:
        yield {NEWEST: given, OLDER: url}


def need(servers: Servers, name: str) -> str:
    """Return the URL of a server; where it is missing, skip, or fail where CI is set."""
    if name not in servers:
        # A machine of one's own may lack it; where every change is judged it must be there.
        pytest.fail(_MISSING) if os.environ.get("CI") else pytest.skip(_MISSING)
    return servers[name]


@contextmanager
def postgres_15() -> Iterator[str]:
    """Have a cluster of one's own; yield the URL of its maintenance database."""
    directory = Path(tempfile.mkdtemp(prefix="reseal-pg15-"))
    shutil.chown(directory, _user())
    try:
        with _started(directory) as url:
            yield url
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _started(directory: Path) -> Iterator[str]:
    data, port = str(directory / "data"), _free_port()
    options = f"-p {port} -k {directory} -c listen_addresses='' " + " ".join(
        f"-c {setting}" for setting in _HURRIED.split()
    )
    _run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
         "--no-sync", at=directory)  # fmt: skip
    log = str(directory / "log")
    _run("pg_ctl", "start", "-w", "-D", data, "-l", log, "-o", options, at=directory)
    try:
        yield f"postgresql:///postgres?host={directory}&port={port}&user=postgres"
    finally:
        _run("pg_ctl", "stop", "-w", "-m", "fast", "-D", data, at=directory)


def _run(program: str, *words: str, at: Path) -> None:
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:
        # PostgreSQL does not run as root.
        owner = pwd.getpwnam(_user())
        as_user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    with (at / "setup.log").open("ab") as log:
        subprocess.run(
            [PROGRAMS / program, *words], check=True, cwd=at, stdout=log, stderr=log, **as_user
        )


def _user() -> str:
    return "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])
