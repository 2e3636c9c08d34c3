"""An application that does to its users all that applications do, and an oracle that remembers.

The oracle is told of a secret when the transaction that wrote it is committed; nobody kills the
application, so that it always knows.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from random import Random
from time import sleep

import psycopg

from reseal import Vault
from reseal.errors import StoreError
from tests.chaos.desk import TICKETS, Desk, Missed, is_plain
from tests.chaos.habits import Habits
from tests.flows.scene import Scene, Stored

_WRITERS = 2
_REST_SECONDS = 0.002


class Writer:
    """A thread at a desk of its own.

    Whoever holds `at_work` finds that what is committed and what is remembered agree.
    """

    def __init__(self, desk: Desk, vault: Vault, rest: float):
        self.desk = desk
        self.habits = Habits(desk, vault, _WRITERS)
        self.at_work = threading.Lock()
        self.fault: Exception | None = None
        self.plain_wanted = 0
        self._rest = rest
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self) -> None:
        """Open for users."""
        self._thread.start()

    def end(self) -> None:
        """Serve the present user, then nobody."""
        self.desk.ended.set()
        self._thread.join()

    def _serve(self) -> None:
        try:
            self.desk.open()
            while not self.desk.ended.wait(self._rest):
                with self.at_work:
                    self._step()
            self.desk.close()
        except Exception as fault:
            self.fault = fault

    def _step(self) -> None:
        try:
            if self.plain_wanted:
                self.plain_wanted -= self.habits.enrol_many(self.plain_wanted)
            else:
                self.habits.act()
        except (Missed, psycopg.OperationalError, StoreError):
            self.desk.counts["outages"] += 1
            if self.desk.connection.closed:
                self.desk.open()


class Application:
    """Several writers, each with users of its own, and what all of them remember."""

    def __init__(
        self,
        scene: Scene,
        vault: Vault,
        stored: Stored,
        dice: Random,
        rest: float = _REST_SECONDS,
    ) -> None:
        first = max(stored) + 1
        self._scene = scene
        self._initially_plain = sum(map(is_plain, stored.values()))
        self._writers = [
            Writer(
                Desk(
                    scene,
                    number % _WRITERS,
                    {k: text for k, text in stored.items() if k % _WRITERS == number % _WRITERS},
                    number,
                    Random(dice.random()),
                ),
                vault,
                rest,
            )
            for number in range(first, first + _WRITERS)
        ]

    def start(self) -> None:
        """Open for users."""
        with self._scene.connect() as connection:
            connection.execute(TICKETS.encode())
        for writer in self._writers:
            writer.start()

    def end(self) -> None:
        """Close; raise what went wrong in a writer."""
        for writer in self._writers:
            writer.end()
        self.check()

    def check(self) -> None:
        """Raise what went wrong in a writer."""
        for writer in self._writers:
            if writer.fault:
                raise writer.fault

    def enrol_in_plaintext(self, count: int) -> None:
        """Have so many users enrolled anew in plaintext, and wait for it."""
        for writer in self._writers:
            writer.plain_wanted = count // len(self._writers)
        while any(writer.plain_wanted for writer in self._writers):
            self.check()
            sleep(0.01)

    def seal_from_now_on(self) -> None:
        """Let no writer write plaintext any more, as after an upgrade of the application."""
        for writer in self._writers:
            writer.habits.is_sealing_only = True

    def write_plaintext_again(self) -> None:
        """Let the writers write plaintext too, as before that upgrade."""
        for writer in self._writers:
            writer.habits.is_sealing_only = False

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let every writer end what it does and do nothing more for the length of the block."""
        with ExitStack() as stack:
            for writer in self._writers:
                stack.enter_context(writer.at_work)
            yield

    @property
    def oracle(self) -> Stored:
        """What every user enrolled last, by row key."""
        return {key: text for writer in self._writers for key, text in writer.desk.oracle.items()}

    @property
    def written(self) -> dict[int, float]:
        """When each row was last written by the application, in seconds since the epoch."""
        return {key: when for writer in self._writers for key, when in writer.desk.written.items()}

    @property
    def counts(self) -> Counter[str]:
        """What was done, and how often; `plain written` with what there was before."""
        counts = sum((writer.desk.counts for writer in self._writers), Counter[str]())
        counts["plain written"] += self._initially_plain
        return counts


@contextmanager
def serving(application: Application) -> Iterator[None]:
    """Have an application serve its users for the length of the block."""
    application.start()
    try:
        yield
    finally:
        application.end()
