"""All that applications do to their users, one verb each."""

from time import monotonic, sleep

import psycopg

from reseal import Vault
from reseal.errors import EnvelopeError
from tests.chaos.desk import TAKE, WRITE, Desk, is_plain
from tests.flows.scene import FIELD, is_sealed

READ = "SELECT mfa_secret FROM users WHERE id = %s"

LOGGED_IN = "UPDATE users SET last_login = clock_timestamp() WHERE id = %s"

INSERT = "INSERT INTO users (mfa_secret, id, email) VALUES (%s, %s, gen_random_uuid()::text)"

DELETE = "DELETE FROM users WHERE id = %s"

VERSION = "SELECT mfa_secret, xmin::text FROM users WHERE id = %s"

# Guarded by the version that was read: the plaintext is in no parameter.
UPGRADE = """
UPDATE users SET mfa_secret = %s WHERE id = %s AND xmin = %s::xid RETURNING mfa_secret
"""

WHOLE_ROW = "SELECT email, mfa_enabled, last_login, mfa_secret FROM users WHERE id = %s"

SAVE = """
UPDATE users SET email = %s, mfa_enabled = %s, last_login = %s, mfa_secret = %s
WHERE id = %s RETURNING mfa_secret
"""

MOVE = "UPDATE users SET id = %s WHERE id = %s"

MOVE_SEALED = "UPDATE users SET id = %s, mfa_secret = %s WHERE id = %s"

SAVE_ELSEWHERE = """
UPDATE users SET id = %s, email = %s, mfa_enabled = %s, last_login = %s, mfa_secret = %s
WHERE id = %s RETURNING mfa_secret
"""

_MANY = 200
_LONGEST_SAVE_SECONDS, _LONGEST_DOUBT_SECONDS = 1.5, 0.05
_SAVES_AT_ONCE = 50
_SEALED_SHARE = 0.5

Whole = tuple[object, ...]


class Habits:
    """What an application does at its desk with the users that are its own.

    Ids of users are `step` apart. Whole rows that were read wait in `saves` to be written back,
    until they are due or the row was written in another way.
    """

    def __init__(self, desk: Desk, vault: Vault, step: int) -> None:
        self.is_sealing_only = False
        self._desk = desk
        self._vault = vault
        self._step = step
        self._saves: dict[int, tuple[float, Whole]] = {}
        self._former: dict[int, str] = {}

    def act(self) -> None:
        """Do one thing, to one user."""
        does = self._desk.dice.choices(
            (self.log_in, self.enrol_plain, self.enrol_sealed, self.disable, self.add, self.delete,
             self.change_of_mind, self.read_whole_row, self.upgrade, self.move, self.try_another,
             self.put_back, self.save_elsewhere, self.give_id_away),
            (50, 8, 8, 2, 3, 2, 3, 12, 4, 2, 1, 2, 2, 2),
        )[0]  # fmt: skip
        key = self._someone()
        if does != self.log_in and does != self.read_whole_row:
            # Who saves what it had read before this would lose the user's new secret by itself.
            self._saves.pop(key, None)
        does(key)
        self._save_what_is_due()

    def _someone(self) -> int:
        return self._desk.someone(self._step)

    def log_in(self, key: int) -> None:
        """Open what is stored, and note the time in the same row."""
        stored = self._desk.ask(READ, key)
        self._desk.counts["logins"] += 1
        self._desk.counts["failed logins"] += self._opened(key, stored) != self._desk.oracle[key]
        self._desk.connection.execute(LOGGED_IN, [key])

    def enrol_plain(self, key: int) -> None:
        """Enrol anew, as an application that knows nothing of Reseal."""
        self._enrol(key, is_plain=not self.is_sealing_only)

    def enrol_sealed(self, key: int) -> None:
        """Enrol anew, as an application with the library."""
        self._enrol(key, is_plain=False)

    def _enrol(self, key: int, *, is_plain: bool) -> None:
        text, had = self._desk.fresh(), self._desk.oracle[key]
        self._desk.replace(key, text if is_plain else self._sealed(key, text), text)
        if had:
            self._former[key] = had

    def enrol_many(self, count: int) -> int:
        """Move up to so many users over from an old system, in plaintext; return how many."""
        desk = self._desk
        anew = {self._someone(): desk.fresh() for _ in range(min(count, _MANY))}
        with desk.transaction():
            before = {key: desk.ask(TAKE, key) for key in sorted(anew)}
            after = {key: desk.ask(WRITE, text, key) for key, text in anew.items()}
        for key, text in anew.items():
            self._saves.pop(key, None)
            desk.remember(key, text, before[key], after[key])
        return len(anew)

    def disable(self, key: int) -> None:
        """Switch the second factor off."""
        self._desk.replace(key, None, None)

    def add(self, _key: int) -> None:
        """Register a user."""
        desk = self._desk
        key, text = desk.next_id, desk.fresh()
        stored = self._sealed(key, text) if self.is_sealing_only else text
        with desk.transaction():
            desk.connection.execute(INSERT, [stored, key])
        desk.next_id += self._step
        desk.remember(key, text, None, stored)

    def delete(self, key: int) -> None:
        """Forget a user."""
        desk = self._desk
        with desk.transaction():
            before = desk.ask(TAKE, key)
            desk.connection.execute(DELETE, [key])
        desk.note(key, before, None)
        del desk.oracle[key], desk.written[key]

    def change_of_mind(self, key: int) -> None:
        """Enrol anew and roll it back."""
        with self._desk.connection.transaction():
            self._desk.ask(WRITE, self._desk.fresh(), key)
            raise psycopg.Rollback

    def try_another(self, key: int) -> None:
        """Begin an enrolment, give it up, and put back what was there before."""
        if self.is_sealing_only:
            return
        before = self._desk.ask(READ, key)
        enrolled = self._desk.oracle[key]
        self.enrol_plain(key)
        self._hesitate()
        self._desk.replace(key, before, enrolled)

    def put_back(self, _key: int) -> None:
        """Put back what a user had enrolled before, as support does, from the user's own copy."""
        if not self._former:
            return
        key, text = self._former.popitem()
        self._saves.pop(key, None)
        if key in self._desk.oracle:
            stored = self._sealed(key, text) if self.is_sealing_only else text
            self._desk.replace(key, stored, text)

    def upgrade(self, key: int) -> None:
        """Seal what is found in plaintext, unless the row was written meanwhile."""
        desk = self._desk
        row = desk.connection.execute(VERSION, [key]).fetchone()
        if row is None or not is_plain(row[0]):
            return
        sealed = self._sealed(key, row[0])
        self._hesitate()
        with desk.transaction():
            after = desk.ask(UPGRADE, sealed, key, row[1])
        if after:
            desk.note(key, row[0], after)

    def move(self, key: int) -> None:
        """Change the key of a row, to which an envelope is bound."""
        desk = self._desk
        new = desk.next_id
        with desk.transaction():
            stored = desk.ask(TAKE, key)
            if is_sealed(stored):
                text = self._vault.read(FIELD, key, stored).reveal()
                sealed = self._vault.seal(FIELD, new, text)
                desk.connection.execute(MOVE_SEALED, [new, sealed, key])
            else:
                desk.connection.execute(MOVE, [new, key])
        desk.next_id += self._step
        desk.oracle[new] = desk.oracle.pop(key)
        if key in desk.written:
            desk.written[new] = desk.written.pop(key)

    def save_elsewhere(self, key: int) -> None:
        """Change the key of a row and save all of it with its secret, in one go."""
        desk = self._desk
        row = desk.connection.execute(WHOLE_ROW, [key]).fetchone()
        text = desk.oracle[key]
        if row is None or not text:
            return
        new = desk.next_id
        stored = self._sealed(new, text) if self.is_sealing_only else text
        self._hesitate()
        with desk.transaction():
            before = desk.ask(TAKE, key)
            after = desk.ask(SAVE_ELSEWHERE, new, *row[:-1], stored, key)
        desk.next_id += self._step
        del desk.oracle[key]
        desk.written.pop(key, None)
        desk.remember(new, text, before, after)

    def give_id_away(self, key: int) -> None:
        """Forget a user and register another under the same id, in plaintext or sealed."""
        desk, text, had = self._desk, self._desk.fresh(), self._desk.oracle[key]
        is_sealed_at_once = self.is_sealing_only or desk.dice.random() < _SEALED_SHARE
        stored = self._sealed(key, text) if is_sealed_at_once else text
        with desk.transaction():
            before = desk.ask(TAKE, key)
            desk.connection.execute(DELETE, [key])
            desk.connection.execute(INSERT, [stored, key])
        desk.remember(key, text, before, stored)
        # The other one had a device of this user's once, and enrols that.
        if had:
            self._former[key] = had

    def read_whole_row(self, key: int) -> None:
        """Read all columns, to write them back in a while, as an ORM saves an object."""
        row = self._desk.connection.execute(WHOLE_ROW, [key]).fetchone()
        if row and len(self._saves) < _SAVES_AT_ONCE:
            due = monotonic() + self._desk.dice.random() * _LONGEST_SAVE_SECONDS
            self._saves.setdefault(key, (due, row))

    def _save_what_is_due(self) -> None:
        now = monotonic()
        for key in [key for key, (due, _) in self._saves.items() if due < now]:
            _, row = self._saves.pop(key)
            self._save(key, row)

    def _save(self, key: int, row: Whole) -> None:
        desk, secret = self._desk, row[-1]
        if self.is_sealing_only and is_plain(str(secret or "")):
            return
        with desk.transaction():
            before = desk.ask(TAKE, key)
            after = desk.ask(SAVE, *row, key)
        desk.note(key, before, after)
        desk.counts["saves over an envelope"] += is_sealed(before) and is_plain(str(secret or ""))

    def _hesitate(self) -> None:
        sleep(self._desk.dice.random() * _LONGEST_DOUBT_SECONDS)

    def _sealed(self, key: int, text: str) -> str:
        return self._vault.seal(FIELD, key, text) if self._vault.can_seal else text

    def _opened(self, key: int, stored: str | None) -> str | None:
        if not is_sealed(stored):
            return stored
        try:
            return self._vault.read(FIELD, key, stored).reveal()
        except EnvelopeError:
            return None
