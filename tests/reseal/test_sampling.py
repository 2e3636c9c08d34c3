"""What a login takes is looked at while a run works, and that never ends the run."""

import csv
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from reseal.access import Access
from reseal.errors import Transient
from reseal.sampling import Look, Sampler, sampling
from reseal.store.store import Store

FIELD = "users.mfa_secret"
ENROL = "INSERT INTO users (email) SELECT 'user' || n FROM generate_series(1, 50) n"
CUT = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name ~ 'looks'"
)
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def look(access: Access, store: Store, admin: psycopg.Connection) -> Iterator[Look]:
    """A look at a table of some users."""
    admin.execute(ENROL)
    made = Look(access, FIELD, "looks")
    yield made
    made.close()


class Seen:
    """A look that has seen things before."""

    def __init__(self, *seen: tuple[float | None, int | None]) -> None:
        self.seen = list(seen)
        self.is_closed = False

    def take(self) -> tuple[float | None, int | None]:
        return self.seen.pop(0)

    def close(self) -> None:
        self.is_closed = True


def rows_of(file: Path) -> list[list[str]]:
    with file.open(newline="") as opened:
        return list(csv.reader(opened))


def sampler(file: Path, *seen: tuple[float | None, int | None]) -> Sampler:
    return Sampler(Seen(*seen), file, lambda: NOON)  # type: ignore[arg-type]


def test_a_login_is_timed(look: Look):
    login, lag = look.take()

    assert login is not None
    assert 0 < login < 1000
    assert lag is None


def test_a_table_without_a_login_column_is_asked_by_its_key(look: Look, admin: psycopg.Connection):
    admin.execute("ALTER TABLE users DROP COLUMN mfa_enabled")

    assert look.take()[0] is not None


def test_an_empty_table_has_no_login_to_time(look: Look, admin: psycopg.Connection):
    admin.execute("TRUNCATE users")

    assert look.take() == (None, None)


def test_a_login_that_waits_for_a_lock_counts_as_far_as_it_waited(
    look: Look, admin: psycopg.Connection
):
    look.take()
    look._opened()[0].execute("SET lock_timeout = '60ms'")

    with admin.transaction():
        admin.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        login, _ = look.take()

    assert login is not None
    assert login >= 50


def test_a_login_that_gets_a_row_and_no_lock_is_told_and_the_connection_goes_on(
    look: Look, admin: psycopg.Connection
):
    look.take()
    store, question = look._opened()
    store.execute("SET lock_timeout = '60ms'")
    row = question.row(store, look.choice)
    assert row is not None

    with admin.transaction():
        admin.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Transient):
            question.milliseconds(store, row)

    assert question.milliseconds(store, row) < 1000


def test_a_connection_that_is_lost_is_opened_anew(look: Look, admin: psycopg.Connection):
    look.take()
    admin.execute(CUT)

    assert look.take() == (None, None)
    assert look.take()[0] is not None


def test_a_database_that_is_away_ends_nothing(access: Access):
    away = replace(access, url="postgresql://nobody@127.0.0.1:1/none")

    assert Look(away, FIELD, "looks").take() == (None, None)


def test_a_line_is_written_for_every_look_that_saw_something(tmp_path: Path):
    file = tmp_path / "samples.csv"
    made = sampler(file, (1.25, None), (None, None), (2.0, 4096))

    made.run(_until(3))

    assert rows_of(file) == [
        ["at", "login_ms", "replication_lag_bytes"],
        [NOON.isoformat(), "1.250", ""],
        [NOON.isoformat(), "2.000", "4096"],
    ]
    assert made.look.is_closed  # type: ignore[attr-defined]


def test_nothing_is_written_once_it_is_stopped(tmp_path: Path):
    made = sampler(tmp_path / "samples.csv", (1.0, None))
    made.stop()

    made.sample()

    assert not (tmp_path / "samples.csv").exists()


def test_a_file_that_cannot_be_written_ends_nothing(tmp_path: Path):
    made = sampler(tmp_path / "nowhere" / "samples.csv", (1.0, None))

    made.sample()


def test_the_thread_ends_with_the_block(access: Access, tmp_path: Path):
    with sampling(access, FIELD, "looks", tmp_path):
        pass

    assert "sampling" not in {thread.name for thread in threading.enumerate()}


def _until(looks: int):
    """Say after so many looks that it is time to stop."""
    left = iter([False] * looks)
    return lambda _seconds: next(left, True)
