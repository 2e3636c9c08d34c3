"""Instances of the application's vault: one that keeps up with the keys, one that only reads."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from threading import Event

from psycopg_pool import ConnectionPool

from reseal import Vault
from reseal.errors import ResealError
from reseal.kek import open_kek
from tests.chaos.habits import LOGGED_IN
from tests.flows.scene import FIELD, Scene, is_sealed, secret_of

ANYONE = """
SELECT id, mfa_secret FROM users
WHERE id >= (SELECT max(id) FROM users) * %s::float8 ORDER BY id LIMIT 1
"""

_SECONDS_BETWEEN_BEATS = 0.3
_REST_SECONDS = 0.02


@contextmanager
def vault_on(scene: Scene) -> Iterator[Vault]:
    """A vault on a pool of its own, as one process of an application has it."""
    environment = scene.command_line.environment
    kek = open_kek(environment["RESEAL_KEK"], environment)
    with ConnectionPool(scene.database, min_size=1, max_size=3) as pool:
        yield Vault.connect(pool, scene.directory / "reseal.toml", kek, beats=None)


def keeps_up(
    vault: Vault, ended: Event, failed: list[str], *, reports: bool = True
) -> Callable[[], None]:
    """Load the keys and report, over and over, whatever became of it the last time."""

    def work() -> None:
        while not ended.wait(_SECONDS_BETWEEN_BEATS):
            try:
                vault.refresh()
                if reports:
                    vault.heartbeat()
            except ResealError as error:
                failed.append(str(error))

    return work


class Visitors:
    """Users who log in through an instance that never looks for keys of its own accord.

    Nobody but the runs writes the secrets of `users`, so that it is certain what must be read.
    """

    def __init__(self, scene: Scene, vault: Vault, users: dict[int, str], dice: Random) -> None:
        self.users = users
        self.logins = 0
        self.failed: list[str] = []
        self._scene = scene
        self._vault = vault
        self._dice = dice

    def log_in(self, ended: Event) -> Callable[[], None]:
        """Log in, one after the other, and open what other users enrolled."""

        def work() -> None:
            with self._scene.connect() as self._connection:
                while not ended.wait(_REST_SECONDS):
                    self._log_in(self._dice.choice(list(self.users)))
                    self._look_at_another()

        return work

    def _log_in(self, key: int) -> None:
        read = self._opened(key, secret_of(self._connection, key))
        if read != self.users[key]:
            self.failed.append(f"user {key} reads something else")
        self._connection.execute(LOGGED_IN, [key])
        self.logins += 1

    def _look_at_another(self) -> None:
        row = self._connection.execute(ANYONE, [self._dice.random()]).fetchone()
        if row and is_sealed(row[1]):
            self._opened(*row)

    def _opened(self, key: int, stored: str) -> str | None:
        try:
            return self._vault.read(FIELD, key, stored).reveal()
        except ResealError as error:
            self.failed.append(f"user {key}: {error}")
            return None
