"""What can go wrong with a database while a run is at work on it, brought about on purpose."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass

import psycopg
from psycopg import errors

from reseal.pacing.signal import Signal
from tests.neighbour.standby import Standby

_WAITING = 3
# So many sessions that compute, where the server is said to have one core.
_COMPUTING = 2

REPORT = "SELECT count(*) FROM users"
HOLD = "SELECT id FROM users WHERE id <= 20 FOR UPDATE"
LOG_IN = "UPDATE users SET last_login = now() WHERE id = %s"
# It looks after each turn whether it is cancelled, and waits for nothing.
COMPUTE = "DO $$ BEGIN LOOP END LOOP; END $$"
KEEP = "SELECT pg_create_physical_replication_slot('unread', true)"
DROP = "SELECT pg_drop_replication_slot('unread')"
WRITE = "SELECT pg_logical_emit_message(true, 'x', repeat('x', 1000000))"


@dataclass(frozen=True)
class Ground:
    """A database, and its standby where there is one."""

    url: str
    standby: Standby | None = None

    def connect(self) -> psycopg.Connection:
        """An ordinary connection, as the application has it."""
        return psycopg.connect(self.url, autocommit=True, application_name="application")


@dataclass(frozen=True)
class Cause:
    """Something that lasts for the length of a block, and the signal that tells of it.

    `limits` are what [pace.limits] says in its case, so that nobody has to wait for an hour.
    """

    name: str
    title: str
    signal: Signal
    limits: dict[Signal, float]
    lasts: Callable[[Ground], AbstractContextManager[None]]
    words: str = ""

    @property
    def config(self) -> str:
        """What stands in reseal.toml for it."""
        limits = "\n".join(f"{signal} = {limit:g}" for signal, limit in self.limits.items())
        return f"[pace]\nrest = 1\n{self.words}\n[pace.limits]\n{limits}\n"


@contextmanager
def long_transaction(ground: Ground) -> Iterator[None]:
    """A report that keeps its snapshot."""
    with ground.connect() as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        connection.execute(REPORT)
        yield


@contextmanager
def lock_holder(ground: Ground) -> Iterator[None]:
    """A transaction that holds some rows, and logins that wait behind it."""
    with ExitStack() as stack:
        holder = stack.enter_context(ground.connect())
        holder.execute("BEGIN")
        holder.execute(HOLD)
        stack.enter_context(_together([_waiting(ground, number) for number in range(_WAITING)]))
        # The rows are let go before anybody is waited for.
        stack.callback(holder.execute, "ROLLBACK")
        yield


@contextmanager
def busy_processor(ground: Ground) -> Iterator[None]:
    """Sessions that compute, and nothing else."""
    with ExitStack() as stack:
        sessions = [stack.enter_context(ground.connect()) for _ in range(_COMPUTING)]
        stack.enter_context(_together([_computing(one) for one in sessions]))
        for session in sessions:
            stack.callback(session.cancel_safe)
        yield


@contextmanager
def unread_slot(ground: Ground) -> Iterator[None]:
    """A slot that keeps the log for somebody who never comes."""
    with ground.connect() as connection:
        connection.execute(KEEP)
        try:
            for _ in range(3):
                connection.execute(WRITE)
            yield
        finally:
            connection.execute(DROP)


@contextmanager
def paused_replay(ground: Ground) -> Iterator[None]:
    """A standby that takes the log and does nothing with it."""
    assert ground.standby is not None
    ground.standby.pause()
    try:
        yield
    finally:
        ground.standby.resume()


def _waiting(ground: Ground, number: int) -> Callable[[], None]:
    def work() -> None:
        with ground.connect() as connection:
            connection.execute(LOG_IN, [1 + number])

    return work


def _computing(session: psycopg.Connection) -> Callable[[], None]:
    def work() -> None:
        with suppress(errors.QueryCanceled):
            session.execute(COMPUTE)

    return work


@contextmanager
def _together(works: list[Callable[[], None]]) -> Iterator[None]:
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join(30)


# A login is slow as well then, and would be told of first.
_CALM = {Signal.LOGIN: 10_000.0}

CAUSES = (
    Cause(
        "transaction", "a long transaction", Signal.SNAPSHOT,
        {Signal.SNAPSHOT: 1.0}, long_transaction,
    ),
    Cause(
        "lock", "a lock holder, and who waits behind it", Signal.QUEUED,
        {Signal.QUEUED: 1.0, **_CALM}, lock_holder,
    ),
    Cause(
        "processor", "a saturated processor", Signal.ACTIVE,
        {Signal.ACTIVE: 1.0, **_CALM}, busy_processor, words="server_cores = 1",
    ),
    Cause(
        "slot", "log that a slot keeps", Signal.RETAINED,
        {Signal.RETAINED: 2.0}, unread_slot,
    ),
    Cause(
        "standby", "a standby that does not replay", Signal.LAG,
        {Signal.LAG: 2.0}, paused_replay,
    ),
)  # fmt: skip
