"""Look once a second, while a run works, at what a login takes and how far a standby is behind.

A thread with a connection of its own asks what an application asks; what it finds goes to a file
line by line, so that a run that is killed leaves what was seen by then. It never ends a run.
"""

import csv
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event, Lock, Thread
from time import perf_counter
from typing import LiteralString, Self

from psycopg import sql

from reseal.access import Access
from reseal.decision import now
from reseal.errors import ConnectionLost, ResealError, StoreError, Transient
from reseal.optimise.inferred import LOOKUP, find_login_query
from reseal.store.catalog import Target
from reseal.store.store import Store

FILE = "samples.csv"
HEADING = ("at", "login_ms", "replication_lag_bytes")
_EVERY_SECONDS = 1.0
# A statement that is under way when the run ends is not waited for longer than this.
_PATIENCE_SECONDS = 2.0
# A page may hold no row.
_PAGES_TRIED = 3

BRIEFLY = "SET statement_timeout = '5s'"

# Some row, to ask for it like an application; of its columns only what a login looks it up by.
SOME_ROW = """
SELECT {wanted} FROM {heap} AS t WHERE t.ctid >= %(first)s::tid AND t.ctid < %(after)s::tid LIMIT 1
"""

BY_KEY = "SELECT /* reseal */ {key} FROM {table} AS t WHERE ({wanted}) = ({values})"

CLOCK = "SELECT clock_timestamp()"

# NULL where there is no standby, and where the role may not see how far it is.
LAG = """
SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn))::bigint FROM pg_stat_replication
"""


@dataclass(frozen=True, slots=True)
class Question:
    """What an application asks when someone logs in: a statement, and what rows are found by."""

    target: Target
    statement: LiteralString
    parts: dict[str, sql.Composable]

    @classmethod
    def of(cls, store: Store, target: Target) -> Self:
        """Take the login query of a table, or its primary key where it has none."""
        query = find_login_query(store, target)
        if query is not None:
            return cls(target, LOOKUP, {**query.parts, "wanted": query.parts["login"]})
        columns = [sql.Identifier("t", column.name) for column in target.key]
        wanted = sql.SQL(", ").join(columns)
        values = sql.SQL(", ").join([sql.Placeholder()] * len(columns))
        parts = {"table": target.table, "key": target.key_values, "wanted": wanted}
        return cls(target, BY_KEY, {**parts, "values": values})

    def row(self, store: Store, choice: random.Random) -> tuple[object, ...] | None:
        """Return by what a login finds a random row, if there is one on some page."""
        heaps = [heap for heap in self.target.heaps if heap.pages]
        for _ in range(_PAGES_TRIED if heaps else 0):
            heap = choice.choices(heaps, [heap.pages for heap in heaps])[0]
            page = choice.randrange(heap.pages)
            span = {"first": f"({page},0)", "after": f"({page + 1},0)"}
            wanted = self.parts["wanted"]
            row = store.one(SOME_ROW, span, wanted=wanted, heap=heap.name)
            if row is not None and None not in row:
                return tuple(row)
        return None

    def milliseconds(self, store: Store, row: tuple[object, ...]) -> float:
        """Ask for a row, and return how long the server took by its own clock.

        All of it is sent at once: a busy interpreter here is no slow login.
        """
        with store.connection.pipeline():
            began = store.execute(CLOCK)
            store.execute(self.statement, row, **self.parts)
            ended = store.execute(CLOCK)
        (first,), (last,) = began.fetchall()[0], ended.fetchall()[0]
        return 1000 * float((last - first).total_seconds())


@dataclass(slots=True)
class Look:
    """A connection and a question; opened at the first look, and again when it was lost."""

    access: Access
    name: str
    purpose: str
    timer: Callable[[], float] = perf_counter
    choice: random.Random = field(default_factory=random.Random)
    _open: tuple[Store, Question] | None = field(default=None, repr=False)

    def take(self) -> tuple[float | None, int | None]:
        """Return the milliseconds of a login and the bytes that a standby is behind.

        Either is None where it cannot be told. A login that waits too long counts as far as it
        was waited for.
        """
        try:
            store, question = self._opened()
            return self._login(store, question), _lag(store)
        except Exception:
            # Whatever it is, the run goes on, and the next look connects anew.
            self.close()
            return None, None

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._open is not None:
            with suppress(Exception):
                self._open[0].close()
        self._open = None

    def _login(self, store: Store, question: Question) -> float | None:
        began = self.timer()
        try:
            row = question.row(store, self.choice)
            if row is None:
                return None
            return question.milliseconds(store, row)
        except ConnectionLost:
            raise
        except Transient:
            # Somebody holds the table, and logins wait as well.
            pass
        return 1000 * (self.timer() - began)

    def _opened(self) -> tuple[Store, Question]:
        if self._open is None:
            store = self.access.store(self.purpose, read_only=True)
            try:
                store.execute(BRIEFLY)
                self._open = store, Question.of(store, self.access.target(store, self.name))
            except ResealError:
                store.close()
                raise
        return self._open


def _lag(store: Store) -> int | None:
    try:
        lag: int | None = store.need(LAG)[0]
    except ConnectionLost:
        raise
    except StoreError:
        # Some services do not tell how far the log is.
        return None
    return lag


@dataclass
class Sampler:
    """Write a line for every look, until told to stop; after that nothing is written any more."""

    look: Look
    file: Path
    clock: Callable[[], datetime] = now
    _done: Event = field(default_factory=Event)
    _writing: Lock = field(default_factory=Lock)

    def run(self, wait: Callable[[float], bool] | None = None) -> None:
        """Look once a second; `wait` says after so many seconds whether to stop."""
        try:
            while not (wait or self._done.wait)(_EVERY_SECONDS):
                self.sample()
        finally:
            self.look.close()

    def sample(self) -> None:
        """Look once, and write down what was seen, if anything was."""
        at = self.clock()
        login, lag = self.look.take()
        with self._writing, suppress(OSError):
            if not self._done.is_set() and (login, lag) != (None, None):
                self._write(at, login, lag)

    def stop(self) -> None:
        """Stop; the file is as it will be from now on."""
        self._done.set()
        # A line that is being written comes to its end first.
        with self._writing:
            return

    def _write(self, at: datetime, login: float | None, lag: int | None) -> None:
        is_new = not self.file.exists()
        with self.file.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            if is_new:
                writer.writerow(HEADING)
            milliseconds = "" if login is None else f"{login:.3f}"
            writer.writerow([at.isoformat(), milliseconds, "" if lag is None else lag])


@contextmanager
def sampling(access: Access, name: str, purpose: str, directory: Path) -> Iterator[None]:
    """Sample for the length of the block, into FILE; `name` is the field whose table is asked."""
    sampler = Sampler(Look(access, name, purpose), directory / FILE)
    # Nobody waits for it: it ends with its process, however that ends.
    thread = Thread(target=sampler.run, name="sampling", daemon=True)
    thread.start()
    try:
        yield
    finally:
        sampler.stop()
        thread.join(_PATIENCE_SECONDS)
