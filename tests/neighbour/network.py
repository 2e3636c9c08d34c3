"""Logins over a network at 20 against 120 connections: `python -m tests.neighbour.network`.

Each login finds its user, reads the envelope, checks the code and uses it up, through a pool whose
connections are tried before they are handed out. The way to the server takes 5 ms, there and back.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg
import pyotp
from psycopg_pool import ConnectionPool

import reseal
from reseal.access import Access
from reseal.config import parse_config
from reseal.store import data_key, schema
from tests.chaos.server import own_server
from tests.conftest import SENTINEL, USERS_FIELD
from tests.neighbour.far import far
from tests.scratch import scratch

ROUND_TRIP_SECONDS = 0.005
FEW, MANY = 20, 120
FIELD = "users.mfa_secret"
Pool = ConnectionPool[Any]
KEK = {"NEIGHBOUR_KEK": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="}

_NOW = 1_700_000_000
_CODE = pyotp.TOTP(SENTINEL).at(_NOW)
_ROOM = "ALTER SYSTEM SET max_connections = 200"

ENROL = "INSERT INTO users (id, email) SELECT n, 'user' || n FROM generate_series(1, %s) AS n"
STORE = "UPDATE users SET mfa_secret = %s WHERE id = %s"
# What the server itself remembers of accepted codes.
ACCEPTED = "SELECT count(*) FROM reseal.totp_use"
FORGET = "TRUNCATE reseal.totp_use"


@dataclass(frozen=True)
class Measured:
    """What so many connections came to; `busy` is how many cores of this machine worked."""

    connections: int
    by_thread: tuple[int, ...]
    seconds: float
    busy: float
    accepted: int

    @property
    def logins(self) -> int:
        """How many were let in."""
        return sum(self.by_thread)

    @property
    def rate(self) -> float:
        """Logins a second."""
        return self.logins / self.seconds

    def __str__(self) -> str:
        each = 1000 * self.seconds * self.connections / self.logins
        return (
            f"{self.connections} connections: {self.rate:,.0f} logins/s, {each:.0f} ms each, "
            f"{self.busy:.1f} of {psutil.cpu_count()} cores busy"
        )


@dataclass(frozen=True)
class Site:
    """A server with users who have MFA, and how many seconds the way there and back takes."""

    url: str
    users: int
    round_trip: float = ROUND_TRIP_SECONDS

    @property
    def access(self) -> Access:
        """The keys, and the way to the server that is short."""
        config = parse_config({"field": [USERS_FIELD]})
        return Access(self.url, config, "env:NEIGHBOUR_KEK", None, KEK)

    def enrol(self) -> None:
        """Make the users, each with an envelope."""
        store = self.access.store("test")
        schema.migrate(store)
        data_key.ensure_active(store, self.access.kek(), "test")
        store.close()
        with self.vault(self.url, 1) as (pool, vault), pool.connection() as connection:
            connection.execute(ENROL, [self.users])
            numbers = range(1, self.users + 1)
            rows = [(vault.seal(FIELD, number, SENTINEL), number) for number in numbers]
            connection.cursor().executemany(STORE, rows)

    def measure(self, connections: int) -> Measured:
        """Log every user in once, on as many threads as connections."""
        with psycopg.connect(self.url, autocommit=True) as admin:
            admin.execute(FORGET)
            with far(self.url, self.round_trip / 2) as url, self.vault(url, connections) as on:
                log_in, began, worked = self._logins(*on), time.monotonic(), _worked()
                with ThreadPoolExecutor(connections) as threads:
                    by_thread = tuple(threads.map(lambda _: log_in(), range(connections)))
                seconds, busy = time.monotonic() - began, _worked() - worked
            (accepted,) = admin.execute(ACCEPTED).fetchone() or (0,)
        return Measured(connections, by_thread, seconds, busy / seconds, accepted)

    @contextmanager
    def vault(self, url: str, connections: int) -> Iterator[tuple[Pool, reseal.Vault]]:
        """Have a pool with all its connections open, and a vault on it."""
        words = {"min_size": connections, "max_size": connections}
        with reseal.open_pool(url, "production", **words) as pool:
            pool.wait()
            yield (
                pool,
                reseal.Vault.connect(pool, self.access.config, self.access.kek(), beats=None),
            )

    def _logins(self, pool: Pool, vault: reseal.Vault) -> Callable[[], int]:
        users, numbers = reseal.Users(pool, vault, FIELD, clock=lambda: float(_NOW)), count(1)

        def log_in() -> int:
            done = 0
            while (number := next(numbers)) <= self.users:
                user = users.by_email(f"user{number}")
                done += user is not None and user.verify_mfa_token(_CODE)
            return done

        return log_in


def ratio(few: list[Measured], many: list[Measured]) -> float:
    """Return how many times as many logins the larger pool lets in, by the median of rounds."""
    pairs = zip(few, many, strict=True)
    return median(more.rate / less.rate for less, more in pairs)


def main() -> int:
    """Measure in turns, and print it."""
    parser = argparse.ArgumentParser(prog="python -m tests.neighbour.network")
    parser.add_argument("--logins", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    few: list[Measured] = []
    many: list[Measured] = []
    with scratch("reseal-network-") as directory, own_server(Path(directory)) as server:
        with psycopg.connect(server.url, autocommit=True) as admin:
            admin.execute(_ROOM)
        server.crash()
        server.restart()
        site = Site(server.url, given.logins)
        site.enrol()
        for _ in range(given.rounds):
            for connections, found in ((FEW, few), (MANY, many)):
                found.append(site.measure(connections))
                print(found[-1], flush=True)
    print(f"{MANY} against {FEW} connections: {ratio(few, many):.2f} times the logins")
    return 0


def _worked() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.system + times.nice)


if __name__ == "__main__":
    raise SystemExit(main())
