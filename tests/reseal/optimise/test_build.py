"""An index that is not valid, not finished or not ours to build is left nowhere."""

import threading
from time import sleep

import psycopg
import pytest

from reseal.optimise import build
from reseal.patience import Patience
from tests.reseal.optimise.conftest import LOGIN, Users

OWN = """
SELECT pid FROM pg_stat_activity WHERE query ~ '^CREATE INDEX CONCURRENTLY'
AND datname = current_database() AND wait_event_type = 'Lock'
"""


def test_what_a_killed_build_has_left_is_taken_away_and_nothing_of_others(users: Users):
    users.admin.execute("CREATE INDEX reseal_users_lower_email_0badc0de ON users (lower(email))")
    users.admin.execute("CREATE INDEX theirs ON users (upper(email))")
    users.admin.execute(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid IN "
        "('theirs'::regclass, 'reseal_users_lower_email_0badc0de'::regclass)"
    )

    made = users.optimised(LOGIN)

    assert made.leftovers == ("reseal_users_lower_email_0badc0de",)
    assert made.kept, made.reason
    assert users.ours() == [made.index]
    assert "theirs" in users.indexes()


def test_a_build_that_is_cut_off_leaves_nothing(users: Users, database: str):
    holding, ended = threading.Event(), threading.Event()

    def hold() -> None:
        # A transaction that has written, for whose end every build waits.
        with psycopg.connect(database) as connection:
            connection.execute("UPDATE users SET last_login = now() WHERE id = 1")
            holding.set()
            ended.wait(60)

    def cut() -> None:
        for _ in range(3000):
            row = users.admin.execute(OWN).fetchone()
            if row:
                users.admin.execute("SELECT pg_cancel_backend(%s)", row)
                break
            sleep(0.02)
        ended.set()

    threads = [threading.Thread(target=work, daemon=True) for work in (hold, cut)]
    threads[0].start()
    assert holding.wait(60)
    threads[1].start()
    made = users.optimised(LOGIN)
    for thread in threads:
        thread.join(60)

    assert not made.kept
    assert made.failed == ("the database said: canceling statement due to user request (57014)",)
    assert users.ours() == []


def test_who_may_not_build_is_told_and_leaves_nothing(users: Users):
    users.admin.execute("CREATE ROLE reader_only; GRANT SELECT ON users TO reader_only")
    try:
        users.store.execute("SET ROLE reader_only")
        made = users.optimised(LOGIN)
    finally:
        users.store.execute("RESET ROLE")
        users.admin.execute("DROP OWNED BY reader_only; DROP ROLE reader_only")

    assert not made.kept
    assert made.failed
    assert "must be owner of table users" in made.reason
    assert users.ours() == []


def test_what_cannot_be_judged_is_not_kept(users: Users, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(build, "is_valid", lambda *_: False)

    made = users.optimised(LOGIN)

    assert "was built, but is not valid" in made.reason
    assert made.failed
    assert users.ours() == []


def test_what_another_runner_has_built_meanwhile_is_left_to_it(
    users: Users, monkeypatch: pytest.MonkeyPatch
):
    name = users.optimised(LOGIN, dry_run=True).index
    users.admin.execute(f"CREATE INDEX {name} ON users (last_login)".encode())
    monkeypatch.setattr(build, "is_valid", lambda *_: False)

    made = users.optimised(LOGIN)

    assert made.failed
    assert "already exists" in made.reason
    assert users.ours() == [name]


def test_the_application_goes_on_while_an_index_is_built(users: Users, database: str):
    stop, written = threading.Event(), 0

    def write() -> None:
        nonlocal written
        with psycopg.connect(database, autocommit=True) as connection:
            while not stop.is_set():
                connection.execute("UPDATE users SET last_login = now() WHERE id = 7")
                written += 1

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    users.patience = Patience(tries=2, sleep=lambda _: None)
    made = users.optimised(LOGIN)
    stop.set()
    writer.join(60)

    assert made.failed == ()
    assert written > 0
    assert users.admin.execute("SELECT bool_and(indisvalid) FROM pg_index").fetchone() == (True,)
