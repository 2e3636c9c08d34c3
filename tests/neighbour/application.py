"""An application whose users log in at a fixed rate, whatever becomes of the logins before.

`python -m tests.neighbour.application` is a process of its own, so that its Python shares nothing
with a run's but the machine. It takes what it is told from its input, and ends when that does; then
it prints every login: when it was due, how long after that it was through, and whether it was let
in. A login that had to wait for one before it has waited too.
"""

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any, NamedTuple

import pyotp
from psycopg_pool import ConnectionPool

import reseal
from reseal.config import parse_config
from reseal.kek import open_kek
from tests.conftest import USERS_FIELD

# What the server does for one login is four statements; so many may wait for it at once.
_THREADS = 8
# Their order is no order of the table, and nobody logs in twice within a step of the code.
_STRIDE = 7919

NOTE = "UPDATE users SET last_login = now() WHERE id = %s"


class Login(NamedTuple):
    """When it was due, how many milliseconds later it was over, and whether all was well."""

    due: float
    milliseconds: float
    is_well: bool


@dataclass(frozen=True)
class Given:
    """Which server, how many users, how many logins a second, and the keys."""

    url: str
    users: int
    rate: float
    keys: Mapping[str, str] = field(repr=False)


def secret_of(number: int) -> str:
    """Return what a user has enrolled, by the rule that `tests.bench.table` fills tables by."""
    digits = hashlib.sha256(str(number).encode()).hexdigest()[:32]
    return digits.translate(str.maketrans("0189", "WXYZ")).upper()


class Application:
    """Log users in when they are due, on a few threads."""

    def __init__(self, users: reseal.Users, pool: ConnectionPool[Any], given: Given) -> None:
        self._users, self._pool, self._given = users, pool, given
        self._numbers = count()
        self._ended = threading.Event()
        self._began = time.monotonic()
        self._ahead = time.time() - self._began
        self.errors: list[str] = []

    def run(self, until: threading.Event) -> list[Login]:
        """Log in until told to stop."""
        with ThreadPoolExecutor(_THREADS) as threads:
            working = [threads.submit(self._work) for _ in range(_THREADS)]
            until.wait()
            self._ended.set()
        return sorted(login for each in working for login in each.result())

    def _work(self) -> list[Login]:
        done: list[Login] = []
        for number in self._numbers:
            due = self._began + number / self._given.rate
            if self._ended.wait(max(0.0, due - time.monotonic())):
                break
            is_well = self._is_let_in(1 + number * _STRIDE % self._given.users)
            done.append(Login(due + self._ahead, 1000 * (time.monotonic() - due), is_well))
        return done

    def _is_let_in(self, number: int) -> bool:
        code = pyotp.TOTP(secret_of(number)).now()
        try:
            user = self._users.by_email(f"user{number}@example.com")
            if user is None or not user.verify_mfa_token(code):
                self.errors.append("a right code was not accepted")
                return False
            with self._pool.connection() as connection:
                connection.execute(NOTE, [number])
        except Exception as error:
            self.errors.append(type(error).__name__)
            return False
        return True


def main() -> int:
    """Log in until the input ends; print the logins, and what went wrong."""
    given, until = Given(**json.loads(sys.stdin.readline())), threading.Event()
    words = {"min_size": _THREADS, "max_size": _THREADS}
    with reseal.open_pool(given.url, "production", **words) as pool:
        pool.wait()
        config = parse_config({"field": [USERS_FIELD]})
        vault = reseal.Vault.connect(pool, config, open_kek("env:BENCH_KEK", given.keys))
        # What an application seals of its own accord is no part of what a run does to it.
        users = reseal.Users(pool, vault, enabled=None, upgrades=False)
        threading.Thread(target=lambda: until.set() if sys.stdin.read() == "" else None).start()
        application = Application(users, pool, given)
        print("ready", flush=True)
        logins = application.run(until)
    print(json.dumps({"logins": logins, "errors": application.errors}))
    return 0


@dataclass
class Logins:
    """The logins of an application that runs, known once it has ended."""

    all: list[Login] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def between(self, began: float, ended: float) -> list[Login]:
        """Return those that were due between two moments."""
        return [login for login in self.all if began <= login.due < ended]


@contextmanager
def logging_in(given: Given) -> Iterator[Logins]:
    """Have an application for the length of the block; its logins are known after it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.neighbour.application"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps(asdict(given)) + "\n")
    process.stdin.flush()
    if process.stdout.readline() != "ready\n":
        raise SystemExit("the application did not start")
    logins = Logins()
    try:
        yield logins
    finally:
        printed, _ = process.communicate()
    told = json.loads(printed)
    logins.all, logins.errors = [Login(*login) for login in told["logins"]], told["errors"]


if __name__ == "__main__":
    sys.exit(main())
