"""An application whose users log in by an envelope, on as many threads as one likes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

from reseal.pool import AdaptivePool
from reseal.vault import Vault

FIELD = "users.mfa_secret"
# What a login does beside: a password is checked, a page is made.
_SECONDS_ON_THE_CONNECTION, _SECONDS_BETWEEN, _SECONDS_OF_REST = 0.02, 0.005, 0.05

LOOK_UP = "SELECT mfa_secret, pg_sleep(%s) FROM users WHERE id = %s"


@dataclass
class Logins:
    """Log in on the first `busy` threads; count what came of it."""

    pool: AdaptivePool
    vault: Vault
    user: int
    busy: int = 0
    done: int = 0
    errors: list[str] = field(default_factory=list)
    _ended: Event = field(default_factory=Event)

    def log_in(self) -> None:
        """Log in once."""
        with self.pool.connection() as connection:
            row = connection.execute(LOOK_UP, [_SECONDS_ON_THE_CONNECTION, self.user]).fetchone()
        assert row is not None
        assert self.vault.read(FIELD, self.user, row[0]).reveal()
        self.done += 1

    def work(self, number: int) -> None:
        while not self._ended.wait(self._seconds(number)):
            if number < self.busy:
                try:
                    self.log_in()
                except Exception as error:
                    self.errors.append(repr(error))

    def _seconds(self, number: int) -> float:
        return _SECONDS_BETWEEN if number < self.busy else _SECONDS_OF_REST

    @contextmanager
    def at_work(self, threads: int) -> Iterator["Logins"]:
        """Have so many threads for the length of the block."""
        working = [Thread(target=self.work, args=(number,)) for number in range(threads)]
        for thread in working:
            thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            for thread in working:
                thread.join()


def wait_until(is_so: Callable[[], bool], seconds: float = 30.0) -> float:
    """Wait until it is so, and return how many seconds that took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() < began + seconds, "it did not come about in time"
        time.sleep(0.02)
    return time.monotonic() - began
