"""A simulated application: users log in, some enrol anew, whatever a run does to their rows.

    application = Application(url, config, kek)
    application.start()
    ...
    report = application.stop()     # report.failed and report.lost must be 0

It keeps a memory of its own of what every user enrolled, as their phones do; a secret that has
been spoilt is a login that fails. `python -m reseal.demo.application` runs it as a process.
"""

import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum

import psycopg
from psycopg_pool import ConnectionPool

from reseal.config import Config
from reseal.demo.desk import Desk
from reseal.demo.report import Report
from reseal.demo.table import Key, Table
from reseal.errors import ConfigurationError, ResealError
from reseal.fresh import fresh
from reseal.kek import Kek
from reseal.secret import Secret
from reseal.store.catalog import describe
from reseal.store.connection import Connection
from reseal.store.store import Store
from reseal.vault import Vault

_SECONDS_BETWEEN_BEATS = 1.0


class Writes(StrEnum):
    """What a new enrolment is written as."""

    PLAIN = "plain"
    SEALED = "sealed"
    AUTO = "auto"
    """Plaintext until there is a data key, envelopes from then on."""


@dataclass(frozen=True, slots=True)
class Rates:
    """How often a second something happens."""

    logins: float = 150.0
    enrolments: float = 3.0
    disables: float = 0.2

    @property
    def all(self) -> float:
        """Everything that happens in a second."""
        return self.logins + self.enrolments + self.disables


class Application:
    """Play with a sample of a field's rows in a thread of its own.

    `oracle` holds what each of these users enrolled last (None: MFA disabled), by row key.
    """

    def __init__(
        self,
        url: str,
        config: Config,
        kek: Kek,
        *,
        field: str | None = None,
        rates: Rates | None = None,
        writes: Writes = Writes.AUTO,
        sample: int = 2000,
    ) -> None:
        self.oracle: dict[Key, str | None] = {}
        self.report = Report()
        self._url, self._config, self._kek = url, config, kek
        self._field = config.field(field) if field else config.fields[0]
        self._rates = rates or Rates()
        self._writes = writes
        self._sample = sample
        self._keys: list[Key] = []
        self._chance = random.Random()  # noqa: S311 - chooses users, makes no secrets
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._fault: Exception | None = None

    def start(self) -> None:
        """Learn what users enrolled, then let them come."""
        with ExitStack() as opening:
            self._desk = opening.enter_context(self._opened())
            self._learn()
            self._open = opening.pop_all()
        self._thread.start()

    def stop(self) -> Report:
        """Let nobody in any more, compare the table with the memory, and tell how it went."""
        self._stopping.set()
        self._thread.join()
        self._open.close()
        if self._fault:
            raise self._fault
        self.report.lost = len(self.lost())
        return self.report

    def lost(self) -> list[Key]:
        """Return the users whose row does not hold what they enrolled; also long after stop()."""
        with self._opened() as desk:
            return [key for key, text in self.oracle.items() if not desk.holds(key, text)]

    @contextmanager
    def _opened(self) -> Iterator[Desk]:
        store = Store(Connection.open(self._url, "demo application"), self._config.schema)
        kwargs = {"autocommit": True, "application_name": "demo application"}
        with (
            closing(store),
            ConnectionPool(self._url, min_size=1, max_size=4, kwargs=kwargs) as pool,
        ):
            vault = Vault.connect(pool, self._config, self._kek, beats=None)
            yield Desk(vault, Table(pool, store, describe(store, self._field)))

    def _learn(self) -> None:
        for key, stored in self._desk.table.sample(self._sample):
            secret = self._desk.usable(key, stored)
            # Nobody could log in with an unusable one before, so it says nothing about the run.
            if secret is not None:
                self.oracle[key] = secret.reveal()
        self._keys = list(self.oracle)
        if not self._keys:
            raise ConfigurationError(f"nobody in {self._field.qualified_table} has a usable secret")

    def _live(self) -> None:
        due = beat = time.monotonic()
        try:
            while not self._stopping.is_set() and self._keys:
                if time.monotonic() >= beat:
                    self._attempt(self._beat)
                    beat = time.monotonic() + _SECONDS_BETWEEN_BEATS
                self._attempt(self._something())
                due = max(due + 1 / self._rates.all, time.monotonic())
                self._stopping.wait(due - time.monotonic())
        except Exception as error:
            self._fault = error

    def _something(self) -> Callable[[], None]:
        rates, key = self._rates, self._chance.choice(self._keys)
        happens = self._chance.choices(
            (self._log_in, self._enrol, self._disable),
            (rates.logins, rates.enrolments, rates.disables),
        )[0]
        return lambda: happens(key)

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
        except (psycopg.Error, ResealError) as error:
            # By type only: what the database says may hold a row.
            self.report.errors[type(error).__name__] += 1

    def _beat(self) -> None:
        self._desk.vault.refresh()
        self._desk.vault.heartbeat(seals=False if self._writes is Writes.PLAIN else None)

    def _log_in(self, key: Key) -> None:
        enrolled = self.oracle[key]
        if enrolled is None:
            return
        self.report.logins += 1
        began, right = time.perf_counter(), False
        try:
            right = self._desk.log_in(key, Secret(enrolled))
        finally:
            self.report.seconds.append(time.perf_counter() - began)
            self.report.failed += not right

    def _enrol(self, key: Key) -> None:
        text = fresh(self._field.format)
        plain = self._writes is Writes.PLAIN
        plain = plain or (self._writes is Writes.AUTO and not self._desk.vault.can_seal)
        self._store(
            key, text if plain else self._desk.vault.seal(self._field.name, key, text), text
        )
        self.report.re_enrolled += 1
        self.report.re_enrolled_plain += plain

    def _disable(self, key: Key) -> None:
        self._store(key, None, None)
        self.report.disabled += 1

    def _store(self, key: Key, value: str | None, text: str | None) -> None:
        try:
            self._desk.table.write(key, value)
        except psycopg.Error as error:
            if error.sqlstate is None or error.sqlstate.startswith(("08", "57P")):
                # The answer was lost, so nobody knows what this user's row holds.
                self._forget(key)
            raise
        self.oracle[key] = text

    def _forget(self, key: Key) -> None:
        del self.oracle[key]
        self._keys.remove(key)


if __name__ == "__main__":
    from reseal.demo.process import main

    sys.exit(main(sys.argv[1:]))
