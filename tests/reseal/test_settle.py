"""A batch comes to its end: again, smaller, row by row, or set aside; a fault is never done."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
import pytest

from reseal.envelope import Envelope
from reseal.errors import ConnectionLost, StoreError, Superseded, Transient, Unreachable
from reseal.patience import Patience
from reseal.store.connection import Connection
from reseal.store.store import Store
from reseal.sweep.engine import Hands
from reseal.sweep.pace import Pace
from reseal.sweep.plan import plan
from reseal.sweep.settle import settle
from reseal.sweep.span import Span
from tests.reseal.scene import SEED

TRIGGER = """
CREATE SEQUENCE attempt;
CREATE FUNCTION disturb() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {when} THEN {what}; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER disturb BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION disturb();
"""

KILL_SELF = "PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(1)"


def disturb(scene, when: str, what: str) -> None:
    """Let a trigger do something where a condition holds; `attempt` survives a rollback."""
    scene.admin.execute(TRIGGER.format(when=when, what=what).encode())


def many(scene, rows: int = 600) -> None:
    """Fill several pages."""
    scene.admin.execute(
        "INSERT INTO users (id, email, mfa_secret) SELECT i, i::text, %s"
        " FROM generate_series(1, %s) i",
        [SEED, rows],
    )


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def patience(waits) -> Patience:
    return Patience(sleep=waits.append, jitter=lambda: 1.0)


@pytest.mark.parametrize(
    ("arrange", "state"),
    [
        ("ALTER TABLE users ADD CHECK (id <> 300 OR length(mfa_secret) < 100)", "23514"),
        ("CREATE UNIQUE INDEX ON users (left(mfa_secret, 3)) WHERE id IN (300, 301)", "23505"),
        (TRIGGER.format(when="OLD.id = 300", what="RAISE 'no'"), "P0001"),
        (TRIGGER.format(when="OLD.id = 300", what="RAISE 'x' USING ERRCODE = '45000'"), "45000"),
    ],
    ids=["check", "unique", "trigger", "trigger with a class of its own"],
)
def test_a_row_that_the_database_refuses_is_set_aside_and_the_rest_is_sealed(scene, arrange, state):
    many(scene, 600)
    scene.put(7, None)
    scene.put(301, str(Envelope(1, bytes(12), bytes(16), b"")))
    scene.admin.execute(arrange.encode())

    tally = scene.sweep().checked()
    assert (tally.changed, tally.settled, tally.empty, tally.quarantined) == (597, 1, 1, 1)
    assert scene.quarantine() == {("300",): f"refused by the database ({state})"}
    assert scene.stored()[300] == SEED


def test_where_no_envelope_fits_every_row_is_set_aside(scene):
    scene = scene.table(
        "id int PRIMARY KEY, s varchar(64)", [(n, SEED) for n in range(3)], column="s"
    )

    assert scene.sweep().quarantined == 3
    assert set(scene.quarantine().values()) == {"refused by the database (22001)"}
    assert set(scene.stored().values()) == {SEED}


@pytest.mark.parametrize("state", ["40P01", "40001", "55P03", "57014", "53300"])
def test_a_passing_fault_is_tried_again(scene, state):
    many(scene)
    disturb(scene, "nextval('attempt') <= 3", f"RAISE 'later' USING ERRCODE = '{state}'")

    assert scene.sweep().checked().changed == 600
    assert scene.census().sealed == {1: 600}
    assert sum(wait > 0 for wait in scene.waits) == 3


def test_waits_grow_are_jittered_and_have_a_limit():
    waits: list[float] = []
    for jitter in (0.0, 1.0):
        patience = Patience(
            first_wait=0.1, longest_wait=1.0, sleep=waits.append, jitter=partial(float, jitter)
        )
        for attempt in range(6):
            patience.wait(attempt)

    assert waits == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.5, 0.5, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0])


def test_a_batch_is_halved_each_time_it_fails(scene, patience):
    many(scene, 900)
    tried = []

    def make(job, span):
        tried.append(span)
        if span.pages > 2:
            raise Transient("too large", "57014")
        return plan(job, span)

    with scene.job() as job:
        done = settle(job, make, Span(0, 8), patience)
    assert [span.pages for span in tried[:3]] == [8, 4, 2]
    assert sorted(p for s in tried if s.pages <= 2 for p in range(s.first, s.after)) == [*range(8)]
    assert done.tally.checked().changed > 0


def test_patience_ends_and_the_fault_comes_out(scene, waits):
    scene.enrol(SEED)
    disturb(scene, "true", "RAISE 'later' USING ERRCODE = '40P01'")

    with scene.job() as job, pytest.raises(Transient) as caught:
        settle(job, plan, scene.whole, Patience(tries=4, sleep=waits.append))
    assert caught.value.sqlstate == "40P01"
    assert len(waits) == 4
    assert scene.census().plain == 1


def test_what_is_no_passing_fault_is_not_tried_again(scene, patience, waits):
    scene.enrol(SEED)
    scene.admin.execute("ALTER TABLE reseal.batch RENAME COLUMN changed TO altered")

    with scene.job() as job, pytest.raises(StoreError, match="42703"):
        settle(job, plan, scene.whole, patience)
    assert waits == []
    assert scene.census().plain == 1


def test_a_lock_on_the_whole_table_is_outwaited(scene, database):
    scene.enrol(SEED)

    def connect():
        store = scene.access.store("impatient")
        store.connection.execute("SET lock_timeout = '50ms'")
        return store

    def release(seconds: float) -> None:
        scene.waits.append(seconds)
        blocker.rollback()

    with psycopg.connect(database) as blocker:
        blocker.execute("LOCK TABLE users IN EXCLUSIVE MODE")
        tally = scene.sweep(connect=connect, hands=Hands(sleep=release))
    assert tally.changed == 1
    assert scene.waits[0] > 0


def test_a_connection_that_is_killed_between_batches_is_replaced(scene):
    many(scene)
    mine = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'prey'"
    killed: list[int] = []

    def kill(seconds: float) -> None:
        if sum(killed) < 2:
            killed.append(scene.admin.execute(mine).rowcount)

    tally = scene.sweep(
        connect=lambda: Store(Connection.open(scene.access.url, "prey")),
        pace=Pace(100, target=1.0, rest=0.0),
        hands=Hands(sleep=kill),
    )
    assert sum(killed) == 2
    assert tally.checked().changed == 600
    assert scene.census().sealed == {1: 600}


def test_a_connection_that_is_killed_in_the_middle_of_a_batch_is_replaced(scene):
    many(scene)
    disturb(scene, "nextval('attempt') IN (50, 500)", KILL_SELF)

    assert scene.sweep().checked().changed == 600
    assert scene.census().sealed == {1: 600}


def test_faults_while_rows_are_written_one_by_one_are_outlived(scene):
    scene.enrol(*[SEED] * 20)
    disturb(scene, "OLD.id = 3", "RAISE 'no'")
    scene.admin.execute(
        "CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE n bigint; BEGIN "
        "n := nextval('attempt'); IF n = 8 THEN RAISE 'x' USING ERRCODE = '40001'; END IF; "
        f"IF n = 15 THEN {KILL_SELF}; END IF; RETURN NEW; END $$; "
        "CREATE TRIGGER a BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION later()"
    )

    tally = scene.sweep().checked()
    assert tally.changed + tally.settled == 19
    assert scene.quarantine() == {("3",): "refused by the database (P0001)"}
    assert (scene.census().plain, scene.census().sealed) == (1, {1: 19})


class Forgetful(Connection):
    """A connection that breaks after a commit, before its answer arrives."""

    commits = 0

    @contextmanager
    def transaction(self, *args: Any, **kwargs: Any) -> Iterator[psycopg.Transaction]:
        with super().transaction(*args, **kwargs) as transaction:
            yield transaction
        type(self).commits += 1
        if type(self).commits == 1:
            self.close()
            raise ConnectionLost("the answer was lost")


def test_a_commit_whose_answer_was_lost_shows_as_settled(scene):
    scene.enrol(SEED, SEED)
    Forgetful.commits = 0

    tally = scene.sweep(connect=lambda: Store(Forgetful.open(scene.access.url, "forgetful")))
    assert (tally.changed, tally.settled) == (0, 2)
    assert scene.census().sealed == {1: 2}
    assert scene.admin.execute("SELECT sum(changed) FROM reseal.batch").fetchone() == (2,)


def test_a_server_that_is_away_for_a_while_is_waited_for(scene, patience, waits):
    scene.enrol(SEED)
    away = iter([Unreachable("starting up"), Unreachable("starting up")])

    def connect():
        for fault in away:
            raise fault
        return scene.access.store("back")

    with scene.job() as job:
        job.connect = connect
        job.store.close()
        assert settle(job, plan, scene.whole, patience).tally.changed == 1
    assert len(waits) == 3


def test_a_server_that_stays_away_is_not_waited_for_for_ever(scene, waits):
    def connect() -> Store:
        raise Unreachable("gone")

    with scene.job() as job:
        job.connect = connect
        job.store.close()
        with pytest.raises(Unreachable):
            settle(job, plan, scene.whole, Patience(tries=3, sleep=waits.append))
    assert len(waits) == 3


def test_a_runner_that_was_superseded_does_not_try_again(scene, patience, waits):
    scene.enrol(SEED)
    with scene.job() as job:
        scene.admin.execute("UPDATE reseal.control SET epoch = epoch + 1")
        with pytest.raises(Superseded):
            settle(job, plan, scene.whole, patience)

    assert waits == []
    assert scene.census().plain == 1
