"""Heed what a person asks of a run while it works: to pause, to go on, to stop.

A thread with a connection of its own looks twice a second at the run's rows in `control`, and
whether there is a file `pause` or `stop` in the state directory, which helps where the database
lets nobody in any more. Workers wait or stop when their batch is committed.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event, Thread

from reseal.access import Access
from reseal.store import control
from reseal.store.control import Request
from reseal.store.store import Store
from reseal.workers import Workers

_EVERY_SECONDS = 0.5
# A statement that is under way when the run ends is not waited for longer than this.
_PATIENCE_SECONDS = 2.0

BRIEFLY = "SET statement_timeout = '5s'"


@dataclass
class Heeder:
    """Look what is asked, and have the workers do it; `tell` is told of each change in words."""

    connect: Callable[[], Store]
    epochs: Mapping[str, int]
    directory: Path
    workers: Workers
    tell: Callable[[str], None]
    _asked: Request | None = None
    _store: Store | None = field(default=None, repr=False)

    def look(self) -> None:
        """Look once and do what is asked; what cannot be asked now stays as it was."""
        with suppress(Exception):
            self._heed(self._asked_now())

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._store is not None:
            with suppress(Exception):
                self._store.close()

    def _asked_now(self) -> Request | None:
        by_file = self._by_file()
        if by_file is Request.STOP:
            return by_file
        try:
            by_the_database = self._by_the_database()
        except Exception:
            if by_file is None:
                raise
            return by_file
        # Whoever says stop comes first.
        return Request.STOP if by_the_database is Request.STOP else by_file or by_the_database

    def _heed(self, asked: Request | None) -> None:
        if asked is self._asked:
            return
        if asked is Request.STOP:
            self.workers.stop()
        elif asked is Request.PAUSE:
            self.workers.pause()
            self.tell("paused, as a person asked")
        else:
            self.workers.go_on()
            self.tell("goes on after a pause")
        self._asked = asked

    def _by_file(self) -> Request | None:
        wishes = (Request.STOP, Request.PAUSE)
        return next((wish for wish in wishes if (self.directory / wish).exists()), None)

    def _by_the_database(self) -> Request | None:
        if self._store is None or self._store.connection.closed:
            self._store = self.connect()
            self._store.execute(BRIEFLY)
        return control.asked(self._store, self.epochs)


@contextmanager
def heeding(
    access: Access,
    purpose: str,
    epochs: Mapping[str, int],
    directory: Path,
    workers: Workers,
    tell: Callable[[str], None],
) -> Iterator[None]:
    """Heed for the length of the block; `directory` is where files say what to do."""
    connect = partial(access.store, purpose, read_only=True)
    heeder, over = Heeder(connect, epochs, directory, workers, tell), Event()
    thread = Thread(target=_run, args=(heeder, over), name="heeding", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(_PATIENCE_SECONDS)


def _run(heeder: Heeder, over: Event) -> None:
    while not over.wait(_EVERY_SECONDS):
        heeder.look()
    heeder.close()
