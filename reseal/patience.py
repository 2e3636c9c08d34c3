"""Waiting after a passing fault: exponential backoff with jitter, a bounded number of times."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from reseal.errors import ConnectionLost, Transient

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often to try again and how long to wait; `sleep` and `jitter` are given by the caller."""

    tries: int = 9
    first_wait: float = 0.05
    longest_wait: float = 5.0
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def wait(self, attempt: int) -> None:
        """Wait after failed attempt number `attempt`: exponential, with jitter."""
        self.sleep(min(self.longest_wait, self.first_wait * 2**attempt) * (0.5 + self.jitter() / 2))

    def retry(self, work: Callable[[], Made]) -> Made:
        """Do the work again after a timeout or deadlock; raise the last fault."""
        for attempt in range(self.tries):
            try:
                return work()
            except ConnectionLost:
                raise
            except Transient:
                self.wait(attempt)
        return work()
