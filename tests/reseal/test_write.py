"""The guarded write: a row is written only while it is as it was read, and never waits."""

from typing import Any, ClassVar

import psycopg
import pytest
from psycopg import sql

from reseal.errors import RowRefused, Transient
from reseal.store.connection import Connection
from reseal.store.store import Store
from reseal.sweep.commit import commit
from reseal.sweep.plan import plan
from reseal.sweep.turn import Turn
from tests.conftest import SENTINEL
from tests.reseal.scene import SEED

NEW = "GEZDGNBVGY3TQOJQ"


@pytest.fixture
def application(database):
    """A second session, in a transaction that the test ends."""
    with psycopg.connect(database) as connection:
        yield connection


def test_a_secret_enrolled_between_read_and_write_is_kept(scene):
    one, other = scene.enrol(SEED, SEED)

    with scene.job() as job:
        batch = plan(job, scene.whole)
        scene.put(one, NEW)
        done = commit(job, batch)

    assert (done.tally.changed, done.tally.moved) == (1, 1)
    assert scene.stored()[one] == NEW
    assert scene.sweep().changed == 1
    assert scene.opened() == {one: NEW, other: SEED}


@pytest.mark.parametrize(
    "meanwhile",
    [
        "UPDATE users SET mfa_secret = NULL",
        "UPDATE users SET mfa_secret = mfa_secret",
        "UPDATE users SET last_login = now()",
        "UPDATE users SET id = id + 1000",
        "DELETE FROM users",
        "WITH gone AS (DELETE FROM users RETURNING *) "
        f"INSERT INTO users SELECT id, email || '2', true, NULL, '{NEW}' FROM gone",
    ],
)
def test_whatever_else_happened_to_the_row_it_counts_as_moved(scene, meanwhile):
    scene.enrol(SEED)

    with scene.job() as job:
        batch = plan(job, scene.whole)
        scene.admin.execute(meanwhile)
        before = scene.stored()
        tally = commit(job, batch).tally

    assert (tally.rows_read, tally.moved) == (1, 1)
    assert scene.stored() == before


def test_a_row_that_the_application_holds_is_left_to_a_later_pass(scene, application):
    one, other = scene.enrol(SEED, SEED)
    application.execute("SELECT FROM users WHERE id = %s FOR UPDATE", [one])

    tally = scene.sweep()
    assert (tally.changed, tally.locked) == (1, 1)
    assert not tally.converged
    assert scene.stored()[one] == SEED

    application.rollback()
    assert scene.sweep().changed == 1
    assert scene.opened() == {one: SEED, other: SEED}


def test_an_update_that_is_not_yet_committed_is_not_waited_for(scene, application):
    (row,) = scene.enrol(SEED)
    application.execute("UPDATE users SET mfa_secret = %s", [NEW])

    assert scene.sweep().locked == 1
    application.commit()
    assert scene.sweep().changed == 1
    assert scene.opened() == {row: NEW}


def test_a_row_that_two_sessions_hold_at_once_is_left_to_a_later_pass(scene, application):
    # What stands in such a row's xmax is no transaction, and tells nothing of who holds it.
    one, other = scene.enrol(SEED, SEED)
    application.execute("SELECT FROM users WHERE id = %s FOR SHARE", [one])
    with psycopg.connect(scene.access.url) as another:
        another.execute("SELECT FROM users WHERE id = %s FOR SHARE", [one])
        assert scene.sweep().locked == 1
    application.rollback()

    assert scene.sweep().changed == 1
    assert scene.opened() == {one: SEED, other: SEED}


def test_who_takes_a_row_while_a_batch_is_written_is_not_waited_for(scene, application):
    scene.enrol(SEED)
    with scene.job() as job:
        batch = plan(job, scene.whole)
        # As if it came between the look and the write.
        application.execute("LOCK TABLE users IN EXCLUSIVE MODE")
        with pytest.raises(Transient, match="lock timeout"):
            commit(job, batch, swiftly=True)
        application.rollback()
        assert commit(job, batch).tally.changed == 1


def test_a_row_that_a_new_session_refers_to_is_sealed_meanwhile(scene, application):
    (row,) = scene.enrol(SEED)
    scene.admin.execute("CREATE TABLE sessions (user_id bigint REFERENCES users)")
    application.execute("INSERT INTO sessions VALUES (%s)", [row])

    assert scene.sweep().changed == 1
    application.commit()


class Recorder(Connection):
    """A connection that keeps every statement and parameter that it sends."""

    sent: ClassVar[list[str]] = []

    def execute(self, query: Any, params: Any = None, **options: Any) -> psycopg.Cursor:
        text = query.as_string(self) if isinstance(query, sql.Composable) else str(query)
        self.sent.append(repr((text, params)))
        return super().execute(query, params, **options)


@pytest.mark.parametrize("turn", Turn)
def test_no_plaintext_is_ever_a_parameter_or_a_literal(scene, turn):
    rows = scene.enrol(SENTINEL, SENTINEL, SEED)
    scene.back_up()
    scene.enrol(SENTINEL)
    if turn is not Turn.SEAL:
        scene.sweep()
    if turn is Turn.RESEAL:
        scene.activate_next_key()

    Recorder.sent.clear()
    tally = scene.sweep(turn, connect=lambda: Store(Recorder.open(scene.access.url, "recorded")))
    assert tally.changed == len(rows) + 1
    everything = "".join(Recorder.sent)
    assert "UPDATE" in everything
    assert SENTINEL not in everything
    assert SEED not in everything


def test_the_batch_s_rows_and_its_checkpoint_stand_or_fall_together(scene):
    scene.enrol(SEED)
    scene.admin.execute("ALTER TABLE reseal.batch ADD CHECK (changed = 0)")

    with scene.job() as job:
        batch = plan(job, scene.whole)
        with pytest.raises(RowRefused, match="23514"):
            commit(job, batch)
    assert scene.census().plain == 1
