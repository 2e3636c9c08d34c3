"""The vault of this process: the application's own, or one that is made when it is first needed."""

import atexit
import os
import threading
from contextlib import suppress
from functools import partial
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from psycopg_pool import ConnectionPool

from reseal.errors import ResealError
from reseal.integrations.django.words import config, words
from reseal.vault import Vault

# For keys and heartbeats; rows go through Django's own connections.
_MOST_CONNECTIONS = 2
# Django drops the databases of its tests at once, and PostgreSQL waits five seconds for others.
_SECONDS_IDLE = 1.0


class _Current:
    """The vault, and the lock under which it is made."""

    def __init__(self) -> None:
        self.vault: Vault | None = None
        self.begin_in_child()

    def begin_in_child(self) -> None:
        """Begin anew in a process that was forked: its parent may have held the lock."""
        self.lock = threading.Lock()


_current = _Current()
os.register_at_fork(after_in_child=_current.begin_in_child)


def use(vault: Vault) -> None:
    """Have the models use this vault from now on, in place of one that they make."""
    _current.vault = vault


def vault() -> Vault:
    """Return the process's vault; the first caller has it made and its keys loaded."""
    if _current.vault is None:
        with _current.lock:
            if _current.vault is None:
                _current.vault = _made()
    return _current.vault


def _made() -> Vault:
    said = words()
    pool = _pool(said.using)
    try:
        made = Vault.connect(pool, config(), said.kek, plaintext=said.plaintext, seals=said.seals)
    except BaseException:
        pool.close()
        raise
    atexit.register(_end, made, pool, os.getpid(), said.using, _database(said.using))
    return made


def _pool(alias: str) -> "ConnectionPool[Any]":
    connection = connections[alias]
    if connection.vendor != "postgresql":
        raise ImproperlyConfigured(
            f"the database {alias!r} is no PostgreSQL, and keeps no keys; hand in a vault of your "
            "own with reseal.integrations.django.use"
        )
    return ConnectionPool(
        # Asked for each connection: a password may be good for some minutes only.
        kwargs=partial(_parameters, alias),
        min_size=0,
        max_size=_MOST_CONNECTIONS,
        max_idle=_SECONDS_IDLE,
        name="reseal",
        open=True,
    )


def _parameters(alias: str) -> dict[str, Any]:
    connection = connections[alias]
    parameters: dict[str, Any] = connection.get_connection_params()
    for word in ("cursor_factory", "context"):
        parameters.pop(word, None)
    if role := connection.settings_dict["OPTIONS"].get("assume_role"):
        escaped = role.replace("\\", "\\\\").replace(" ", "\\ ")
        parameters["options"] = f"{parameters.get('options', '')} -c role={escaped}"
    return parameters


def _database(alias: str) -> object:
    return connections[alias].settings_dict["NAME"]


def _end(
    made: Vault, pool: "ConnectionPool[Any]", process: int, alias: str, database: object
) -> None:
    # The database of a run of tests is gone by now, and would be waited for.
    if _database(alias) == database:
        with suppress(ResealError):
            made.close()
    # A forked process shares the sockets: to close them there would end the parent's sessions.
    if os.getpid() == process:
        pool.close()
