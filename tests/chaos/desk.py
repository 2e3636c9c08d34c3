"""Where an application's writes are made: one connection, and what it remembers of them.

A server may crash or cut the connection while a commit is under way. Each transaction therefore
writes its own number too, and whoever comes back asks whether it stands.
"""

from base64 import b32encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from threading import Event
from time import sleep, time

import psycopg

from tests.flows.scene import Scene, Stored, is_sealed

TICKETS = """
CREATE TABLE IF NOT EXISTS chaos_ticket (
    writer int PRIMARY KEY, step bigint NOT NULL
) WITH (fillfactor = 10)
"""

OPEN = "INSERT INTO chaos_ticket VALUES (%s, 0) ON CONFLICT DO NOTHING"

TAKE_TICKET = "UPDATE chaos_ticket SET step = %s WHERE writer = %s"

LAST_TICKET = "SELECT step FROM chaos_ticket WHERE writer = %s"

# Locked, as applications do it in a transaction that reads before it writes.
TAKE = "SELECT mfa_secret FROM users WHERE id = %s FOR UPDATE"

# What stands then is not always what is written: a trigger may keep what was there.
WRITE = "UPDATE users SET mfa_secret = %s WHERE id = %s RETURNING mfa_secret"

_LONGEST_TRANSACTION_SECONDS = 0.05
_SECONDS_BETWEEN_TRIES = 0.05


class Missed(Exception):
    """A transaction did not come about, for a reason that an application has to live with."""


@dataclass
class Desk:
    """A connection, and the users that only its owner writes.

    `oracle` has what each of them enrolled last, `written` when the column was last written, in
    seconds since the epoch.
    """

    scene: Scene
    number: int
    oracle: Stored
    next_id: int
    dice: Random
    ended: Event = field(default_factory=Event)
    written: dict[int, float] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    _ticket: int = 0

    def open(self) -> None:
        """Connect, however long the server takes to come back."""
        while True:
            try:
                self.connection = self.scene.connect()
                self.connection.execute(OPEN, [self.number])
                return
            except psycopg.OperationalError:
                if self.ended.wait(_SECONDS_BETWEEN_TRIES):
                    raise

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def someone(self, step: int) -> int:
        """Return any of the users, whose ids are `step` apart."""
        # Without a copy of all keys: ids are dense, but for those that were deleted.
        while True:
            key = self.dice.randrange(self.next_id % step, self.next_id, step)
            if key in self.oracle:
                return key

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do the block in a transaction; raise Missed unless it stands in the end."""
        self._ticket += 1
        try:
            with self.connection.transaction():
                yield
                # Now and then the row stays locked for a while, so that sweeps meet it.
                if self.dice.random() < 0.1:
                    sleep(self.dice.random() * _LONGEST_TRANSACTION_SECONDS)
                self.connection.execute(TAKE_TICKET, [self._ticket, self.number])
        except psycopg.OperationalError as error:
            if not self._stands():
                raise Missed(str(error)) from None

    def _stands(self) -> bool:
        while True:
            if self.connection.closed:
                self.open()
            try:
                row = self.connection.execute(LAST_TICKET, [self.number]).fetchone()
            except psycopg.OperationalError:
                self.connection.close()
            else:
                return row == (self._ticket,)

    def ask(self, query: str, *parameters: object) -> str | None:
        """The first column of the first row."""
        row = self.connection.execute(query.encode(), parameters).fetchone()
        return row[0] if row else None

    def replace(self, key: int, stored: str | None, text: str | None) -> None:
        """Write what holds `text` into a row, whatever stands there."""
        with self.transaction():
            before = self.ask(TAKE, key)
            after = self.ask(WRITE, stored, key)
        self.remember(key, text, before, after)

    def remember(self, key: int, text: str | None, before: str | None, after: str | None) -> None:
        """Enter a secret that is committed, and what stood there `before` and stands `after`."""
        self.oracle[key] = text
        self.note(key, before, after)

    def note(self, key: int, before: str | None, after: str | None) -> None:
        """Enter that a column was written, without an enrolment."""
        self.written[key] = time()
        self.counts["plain written"] += is_plain(after)
        self.counts["plain taken back"] += is_plain(before)

    def fresh(self) -> str:
        """Return a secret that nobody had before."""
        return b32encode(self.dice.randbytes(20)).decode()


def is_plain(text: str | None) -> bool:
    """Whether a value is a secret in the clear."""
    return bool(text) and not is_sealed(text)
