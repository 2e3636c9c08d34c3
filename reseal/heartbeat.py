"""Looking for new keys and telling runs what is opened, in the background of an application."""

import logging
import threading
import weakref
from typing import Protocol

from reseal.errors import ResealError

_log = logging.getLogger("reseal.vault")


class Beating(Protocol):
    """What is refreshed and beats."""

    def refresh(self) -> None:
        """Load the keys anew."""

    def heartbeat(self) -> bool:
        """Tell runs what is opened."""


class Heartbeat:
    """A thread that beats for a vault as long as there is one; the process does not wait for it."""

    def __init__(self, vault: Beating) -> None:
        # The thread must not keep a vault alive that the application has dropped.
        self._vault = weakref.ref(vault, lambda _: self._ended.set())
        self._ended = threading.Event()
        self._seconds: float | None = None

    def start(self, seconds: float) -> None:
        """Beat now and every so many seconds."""
        self._seconds = seconds
        threading.Thread(target=self._beat_on, name="reseal heartbeat", daemon=True).start()

    def stop(self) -> None:
        """Beat no more."""
        self._seconds = None
        self._ended.set()

    def begin_in_child(self) -> None:
        """Start anew in a process that was forked, where no thread came along."""
        self._ended = threading.Event()
        if self._seconds is not None:
            self.start(self._seconds)

    def _beat_on(self) -> None:
        ended, seconds = self._ended, self._seconds
        while not ended.is_set():
            vault = self._vault()
            if vault is None:
                return
            _beat(vault)
            del vault
            ended.wait(seconds)


def _beat(vault: Beating) -> None:
    for work in (vault.refresh, vault.heartbeat):
        try:
            work()
        except ResealError as error:
            # What is loaded still opens and seals; the next beat tries again.
            _log.warning("%s in the background failed: %s", work.__name__, error)
