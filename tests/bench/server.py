"""The server that is measured: the embedded one, or one made by the programs of another."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reseal.embedded import start_server
from tests.flows.scene import stop_server


@contextmanager
def running(data: Path, programs: Path | None) -> Iterator[str]:
    """Have a server with the settings it comes with, in `data`; yield its URL."""
    url = start_server(data) if programs is None else _start(data, programs)
    try:
        yield url
    finally:
        stop_server(data)


def _start(data: Path, programs: Path) -> str:
    data.mkdir()
    # PostgreSQL does not run as root.
    owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    shutil.chown(data, owner.pw_uid, owner.pw_gid)
    words = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
    _run([programs / "initdb", "-D", data, *words], owner)
    options = f"-k {data} -c listen_addresses=''"
    _run([programs / "pg_ctl", "start", "-w", "-D", data, "-l", data / "log", "-o", options], owner)
    return f"postgresql:///postgres?host={data}&user=postgres"


def _run(words: list[Any], owner: pwd.struct_passwd) -> None:
    as_owner: dict[str, Any] = {}
    if os.geteuid() == 0:
        as_owner = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    subprocess.run(words, check=True, cwd="/", stdout=subprocess.DEVNULL, **as_owner)
