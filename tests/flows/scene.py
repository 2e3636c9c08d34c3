"""The verbs that the tests of the command line are written in: a database, a directory, an API."""

import json
import os
import random
import signal
import threading
import urllib.error
import urllib.request
from base64 import b32encode, b64encode
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
from psycopg import sql

from reseal.access import Access
from reseal.config import load_config
from reseal.envelope import PREFIX, Envelope
from reseal.place import Place
from reseal.secret import Secret
from reseal.store.store import Store
from tests.conftest import clone, url_of
from tests.flows.conftest import BRISK, CommandLine

FIELD = "users.mfa_secret"

# What is asked in between mostly connects anew, and takes from the run that is waited for.
_REST_SECONDS = 0.02
# Several who ask Prefect's server all the time keep it from answering those who are at work.
ASKING_SECONDS = 0.5
_TIMES_BUSY = 20

Stored = dict[int, str | None]
Made = TypeVar("Made")


@dataclass(frozen=True)
class Scene:
    """A database with users, a directory to run commands in, and Prefect's API."""

    command_line: CommandLine
    database: str
    prefect_api: str

    @property
    def directory(self) -> Path:
        return self.command_line.directory

    def connect(self) -> psycopg.Connection:
        """An ordinary connection, as the application has it."""
        return psycopg.connect(self.database, autocommit=True)

    def ask(self, query: str, *parameters: Any) -> Any:
        """The first column of the first row."""
        with self.connect() as connection:
            row = connection.execute(query.encode(), parameters or None).fetchone()
        return row and row[0]

    def enrol(self, secrets: Iterable[str | None]) -> Stored:
        """Users with these secrets, from id 1 on; what now stands in the column."""
        rows = [
            (number, f"user{number}@example.com", text)
            for number, text in enumerate(secrets, start=1)
        ]
        with self.connect() as connection, connection.cursor() as cursor:
            # COPY: whatever a server logs, it is not the rows of a COPY.
            with cursor.copy("COPY users (id, email, mfa_secret) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            cursor.execute("ANALYZE users")
        return {number: text for number, _, text in rows}

    def stored(self) -> Stored:
        """What stands in the column, by id."""
        with self.connect() as connection:
            return dict(connection.execute("SELECT id, mfa_secret FROM users").fetchall())

    def sealed(self) -> dict[int, str]:
        """The envelopes that stand in the column, by id."""
        return {key: text for key, text in self.stored().items() if text and is_sealed(text)}

    def opened(self) -> dict[int, str]:
        """What the envelopes in the column hold, by id, opened by the library."""
        with self.library() as (access, store):
            keyring = access.keyring(store)
            return {
                key: keyring.open(Place(FIELD, (key,)), Envelope.parse(text)).reveal()
                for key, text in self.sealed().items()
            }

    def seal(self, key: int, text: str) -> str:
        """The envelope that an application with the library writes for a new enrolment."""
        with self.library() as (access, store):
            return str(access.keyring(store).seal(Place(FIELD, (key,)), Secret(text)))

    @contextmanager
    def library(self) -> Iterator[tuple[Access, Store]]:
        """The library on this database, with the keys of the command line."""
        config = load_config(self.directory / "reseal.toml")
        environment = self.command_line.environment
        uris = (environment["RESEAL_KEK"], environment["RESEAL_BACKUP_KEK"])
        access = Access(self.database, config, *uris, environment)
        store = access.store("test")
        try:
            yield access, store
        finally:
            store.close()

    def api(self, path: str, query: dict[str, Any] | None = None) -> Any:
        """What Prefect's API answers to a GET, or to a POST where there is a query."""
        request = urllib.request.Request(
            f"{self.prefect_api}/{path}",
            data=None if query is None else json.dumps(query).encode(),
            headers={"Content-Type": "application/json"},
        )
        for _ in range(_TIMES_BUSY):
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                # It asks for another try while another request writes, as its client gives it.
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                    raise
            except TimeoutError:
                # What only asks may ask again; what does something may have been done.
                if not (query is None or path.endswith("/filter")):
                    raise
            sleep(1)
        raise AssertionError(f"Prefect's API was busy {_TIMES_BUSY} times: {path}")

    def of_run(self, what: str, run_id: str) -> list[dict[str, Any]]:
        """All `artifacts`, `logs` or `task_runs` of a flow run, page by page."""
        one = {"flow_run_id": {"any_": [run_id]}}
        asked = {"flow_runs": {"id": {"any_": [run_id]}}} if what == "task_runs" else {what: one}
        found: list[dict[str, Any]] = []
        while page := self.api(f"{what}/filter", {**asked, "limit": 200, "offset": len(found)}):
            found += page
        return found


def secrets(count: int, dice: random.Random) -> list[str | None]:
    """Base32 as applications write it, and no secret as they write that."""

    def one() -> str | None:
        text = b32encode(dice.randbytes(20)).decode()
        groups = " ".join(text[at : at + 4] for at in range(0, 32, 4))
        padded = b32encode(dice.randbytes(16)).decode()
        variants = [text, text.lower(), groups, groups.replace(" ", "-"), padded, text[:16]]
        return dice.choice([*variants, f"{text}\n", f" {text}", None, ""])

    return [one() for _ in range(count)]


def together(*works: Callable[[], Made], at_once: int | None = None) -> list[Made]:
    """Do several things, all or so many at once, each of which waits for a process."""
    with ThreadPoolExecutor(at_once or len(works)) as pool:
        return [future.result() for future in [pool.submit(work) for work in works]]


class Thread(threading.Thread):
    """A thread of the application's, whose failure fails the test that joins it."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self.work = work
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            self.work()
        except Exception as failure:
            self.failure = failure


@dataclass
class Meanwhile:
    """Work that other threads do while a command runs; `ended` says that the command did."""

    ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def does(self, *works: Callable[[], None]) -> Iterator[None]:
        """Do all of it for the length of the block; raise what failed."""
        threads = [Thread(work) for work in works]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.ended.set()
            for thread in threads:
                thread.join(30)
        for thread in threads:
            if thread.failure:
                raise thread.failure

    def corrupts(self, scene: Scene, key: int) -> Callable[[], None]:
        """Damage the envelope of one row each time that one is written there."""

        def work() -> None:
            damaged = ""
            with scene.connect() as connection:
                while not self.ended.wait(0.002):
                    text = secret_of(connection, key)
                    if is_sealed(text) and text != damaged:
                        damaged = flipped(text)
                        set_secret(connection, key, damaged, expected=text)

        return work

    def waits_for(self, is_so: Callable[[], Any]) -> None:
        """Wait until something is so, or until the command has ended."""
        while not is_so() and not self.ended.wait(_REST_SECONDS):
            pass


def secret_of(connection: psycopg.Connection, key: int) -> Any:
    """What stands in one row."""
    row = connection.execute("SELECT mfa_secret FROM users WHERE id = %s", [key]).fetchone()
    return row and row[0]


def set_secret(
    connection: psycopg.Connection, key: int, text: str, expected: str | None = None
) -> None:
    """Write one row, where it still is as expected."""
    connection.execute(
        "UPDATE users SET mfa_secret = %s WHERE id = %s AND mfa_secret = coalesce(%s, mfa_secret)",
        [text, key, expected],
    )


def is_sealed(text: str | None) -> bool:
    """Whether a value looks like an envelope."""
    return text is not None and text.startswith(PREFIX)


def flipped(text: str) -> str:
    """The envelope with one bit of its ciphertext changed: well-formed, and it does not open."""
    envelope = Envelope.parse(text)
    first, rest = envelope.ciphertext[0], envelope.ciphertext[1:]
    return str(replace(envelope, ciphertext=bytes([first ^ 1]) + rest))


def wait_until(is_so: Callable[[], Any], seconds: float = 240, rest: float = _REST_SECONDS) -> None:
    """Wait until something is so; fail where it does not come."""
    deadline = monotonic() + seconds
    while not is_so():
        assert monotonic() < deadline, "it did not come about in time"
        sleep(rest)


@contextmanager
def new_scene(
    server: str, template: str, prefect_api: str, prefect_home: Path, directory: Path
) -> Iterator[Scene]:
    """A scene on a database of its own, with keys of its own."""
    name = f"reseal_flow_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        clone(connection, template, name)
        url = url_of(server, name)
        yield scene_on(url, prefect_api, prefect_home, directory)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def scene_on(url: str, prefect_api: str, prefect_home: Path, directory: Path) -> Scene:
    """A scene on a given database."""
    environment = {
        **clean_environment(),
        "TEST_KEK": b64encode(os.urandom(32)).decode(),
        "TEST_BACKUP_KEK": b64encode(os.urandom(32)).decode(),
        "RESEAL_DATABASE_URL": url,
        "RESEAL_KEK": "env:TEST_KEK",
        "RESEAL_BACKUP_KEK": "env:TEST_BACKUP_KEK",
        "PREFECT_API_URL": prefect_api,
        "PREFECT_HOME": str(prefect_home),
    }
    command_line = CommandLine(directory, environment)
    command_line.write_config(BRISK)
    return Scene(command_line, url, prefect_api)


def stop_server(data: Path) -> None:
    """End an embedded server as `pg_ctl stop -m fast` does, which refuses to do it for root."""
    lock = data / "postmaster.pid"
    os.kill(int(lock.read_text().split()[0]), signal.SIGINT)
    wait_until(lambda: not lock.exists())


def clean_environment() -> dict[str, str]:
    """This process's environment without anything that configures Reseal."""
    return {name: text for name, text in os.environ.items() if not name.startswith("RESEAL_")}
