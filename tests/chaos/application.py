"""An application that does to its users all that applications do, and an oracle that remembers.

The oracle is told of a secret when the transaction that wrote it is committed; nobody kills the
application, so that it always knows.
"""

import threading
from base64 import b32encode
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from random import Random
from time import sleep

import psycopg

from reseal import Vault
from reseal.errors import EnvelopeError
from tests.flows.scene import FIELD, Scene, is_sealed

READ = "SELECT mfa_secret FROM users WHERE id = %s"

# Locked, as applications do it in a transaction that reads before it writes.
TAKE = "SELECT mfa_secret FROM users WHERE id = %s FOR UPDATE"

LOGGED_IN = "UPDATE users SET last_login = clock_timestamp() WHERE id = %s"

WRITE = "UPDATE users SET mfa_secret = %s WHERE id = %s"

INSERT = "INSERT INTO users (mfa_secret, id, email) VALUES (%s, %s, gen_random_uuid()::text)"

DELETE = "DELETE FROM users WHERE id = %s"

_WRITERS = 2
_REST_SECONDS = 0.002
_LONGEST_TRANSACTION_SECONDS = 0.05
_MANY = 200


class Writer:
    """One connection of the application's; only this thread writes the users in its `oracle`.

    Whoever holds `at_work` finds that what is committed and what is remembered agree.
    """

    def __init__(
        self,
        scene: Scene,
        vault: Vault,
        oracle: dict[int, str | None],
        next_id: int,
        dice: Random,
        rest: float,
    ):
        self.oracle = oracle
        self.at_work = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.fault: Exception | None = None
        self.plain_wanted = 0
        self.is_sealing_only = False
        self._scene = scene
        self._vault = vault
        self._next_id = next_id
        self._dice = dice
        self._rest = rest
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self) -> None:
        """Open for users."""
        self._thread.start()

    def _serve(self) -> None:
        try:
            with self._scene.connect() as self._connection:
                while not self._ended.wait(self._rest):
                    with self.at_work:
                        self._step()
        except Exception as fault:
            self.fault = fault

    def end(self) -> None:
        """Serve the present user, then nobody."""
        self._ended.set()
        self._thread.join()

    def _step(self) -> None:
        if self.plain_wanted:
            self._enrol_many()
            return
        does = self._dice.choices(
            (self._log_in, self._enrol_plain, self._enrol_sealed, self._disable, self._add,
             self._delete, self._change_of_mind),
            (60, 8, 8, 2, 4, 2, 4),
        )[0]  # fmt: skip
        does(self._someone())

    def _someone(self) -> int:
        # Without a copy of all keys: ids are dense, but for the few that were deleted.
        while True:
            key = self._dice.randrange(self._next_id % _WRITERS, self._next_id, _WRITERS)
            if key in self.oracle:
                return key

    def _log_in(self, key: int) -> None:
        stored = self._ask(READ, key)
        self.counts["logins"] += 1
        self.counts["failed logins"] += self._opened(key, stored) != self.oracle[key]
        self._connection.execute(LOGGED_IN, [key])

    def _enrol_plain(self, key: int) -> None:
        self._enrol(key, is_plain=not self.is_sealing_only)

    def _enrol_sealed(self, key: int) -> None:
        self._enrol(key, is_plain=False)

    def _enrol(self, key: int, *, is_plain: bool) -> None:
        text = self._fresh()
        self._replace(key, text if is_plain else self._sealed(key, text), text)

    def _enrol_many(self) -> None:
        # As when somebody moves users over from an old system.
        anew = {self._someone(): self._fresh() for _ in range(min(self.plain_wanted, _MANY))}
        with self._connection.transaction():
            before = [self._ask(TAKE, key) for key in anew]
            for key, text in anew.items():
                self._connection.execute(WRITE, [text, key])
        self.oracle |= anew
        for one, text in zip(before, anew.values(), strict=True):
            self._count_plain(one, text)
        self.plain_wanted -= len(anew)

    def _disable(self, key: int) -> None:
        self._replace(key, None, None)

    def _add(self, _key: int) -> None:
        key, text = self._next_id, self._fresh()
        stored = self._sealed(key, text) if self.is_sealing_only else text
        with self._transaction():
            self._connection.execute(INSERT, [stored, key])
        self.oracle[key] = text
        self._next_id += _WRITERS
        self._count_plain(None, stored)

    def _delete(self, key: int) -> None:
        with self._transaction():
            before = self._ask(TAKE, key)
            self._connection.execute(DELETE, [key])
        del self.oracle[key]
        self._count_plain(before, None)

    def _change_of_mind(self, key: int) -> None:
        with self._transaction():
            self._connection.execute(WRITE, [self._fresh(), key])
            raise psycopg.Rollback

    def _replace(self, key: int, stored: str | None, text: str | None) -> None:
        with self._transaction():
            before = self._ask(TAKE, key)
            self._connection.execute(WRITE, [stored, key])
        self.oracle[key] = text
        self._count_plain(before, stored)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._connection.transaction():
            yield
            # Now and then the row stays locked for a while, so that sweeps meet it.
            if self._dice.random() < 0.1:
                sleep(self._dice.random() * _LONGEST_TRANSACTION_SECONDS)

    def _count_plain(self, before: str | None, after: str | None) -> None:
        self.counts["plain written"] += is_plain(after)
        self.counts["plain taken back"] += is_plain(before)

    def _ask(self, query: str, key: int) -> str | None:
        row = self._connection.execute(query.encode(), [key]).fetchone()
        return row[0] if row else None

    def _fresh(self) -> str:
        return b32encode(self._dice.randbytes(20)).decode()

    def _sealed(self, key: int, text: str) -> str:
        return self._vault.seal(FIELD, key, text) if self._vault.can_seal else text

    def _opened(self, key: int, stored: str | None) -> str | None:
        if not is_sealed(stored):
            return stored
        try:
            return self._vault.read(FIELD, key, stored).reveal()
        except EnvelopeError:
            return None


def is_plain(text: str | None) -> bool:
    """Whether a value is a secret in the clear."""
    return bool(text) and not is_sealed(text)


class Application:
    """Several writers, each with users of its own, and what all of them remember."""

    def __init__(
        self,
        scene: Scene,
        vault: Vault,
        stored: dict[int, str | None],
        dice: Random,
        rest: float = _REST_SECONDS,
    ) -> None:
        first = max(stored) + 1
        self._initially_plain = sum(map(is_plain, stored.values()))
        self._writers = [
            Writer(
                scene,
                vault,
                {key: text for key, text in stored.items() if key % _WRITERS == number % _WRITERS},
                number,
                Random(dice.random()),
                rest,
            )
            for number in range(first, first + _WRITERS)
        ]

    def start(self) -> None:
        """Open for users."""
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
            writer.is_sealing_only = True

    def write_plaintext_again(self) -> None:
        """Let the writers write plaintext too, as before that upgrade."""
        for writer in self._writers:
            writer.is_sealing_only = False

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let every writer end what it does and do nothing more for the length of the block."""
        with ExitStack() as stack:
            for writer in self._writers:
                stack.enter_context(writer.at_work)
            yield

    @property
    def oracle(self) -> dict[int, str | None]:
        """What every user enrolled last, by row key."""
        return {key: text for writer in self._writers for key, text in writer.oracle.items()}

    @property
    def counts(self) -> Counter[str]:
        """What was done, and how often; `plain written` with what there was before."""
        counts = sum((writer.counts for writer in self._writers), Counter[str]())
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
