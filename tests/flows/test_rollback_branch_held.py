"""The rollback branch says what it could not do: rows that are held, or originals out of reach."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.chaos.hold import Held, Hold, holding
from tests.flows.conftest import Ended
from tests.flows.forked import Started
from tests.flows.scene import FIELD, Meanwhile, Scene, Stored, set_secret, wait_until
from tests.flows.statements import OUTCOME

pytestmark = pytest.mark.slow

USERS = 50
OLD, NEW = "JBSWY3DPEHPK3PXP", "GEZDGNBVGY3TQOJQ"
BROKEN = f"1 envelopes of {FIELD} are broken; "
VALIDATED = Hold("event", "AFTER INSERT", "NEW.action = 'validated'", lets_go=True)
LOSE_THE_LAST = """
UPDATE reseal.backup_set SET wrapped = NULL
WHERE created = (SELECT max(created) FROM reseal.backup_set) RETURNING 1
"""


@pytest.fixture
def had(make_scene: Any) -> tuple[Scene, Stored]:
    """A table that was sealed and put back, so that Reseal's own tables are there to hold on to."""
    scene = make_scene()
    had = scene.enrol(OLD for _ in range(USERS))
    first = scene.command_line.run("encrypt", "--json")
    assert scene.command_line.run("rollback", first.run_id).code == 0
    return scene, had


@contextmanager
def broken_and_held(scene: Scene) -> Iterator[tuple[Started, Held]]:
    """An encryption that has found an envelope broken and has not begun to roll back."""
    meanwhile = Meanwhile()
    with scene.connect() as connection, holding(connection, VALIDATED) as held:
        process = scene.command_line.start("encrypt", "--json")
        with meanwhile.does(meanwhile.corrupts(scene, 1)):
            wait_until(lambda: held.has_come)
        yield process, held


def end(process: Started, held: Held) -> Ended:
    held.let_go()
    out, err = process.communicate(timeout=120)
    return Ended(process.wait(), out, err)


def test_rows_that_are_held_make_it_a_failure_that_says_how_many_and_how_to_go_on(had):
    scene, before = had
    with broken_and_held(scene) as (process, held), psycopg.connect(scene.database) as application:
        set_secret(application, 3, NEW)
        application.commit()
        application.execute("UPDATE users SET last_login = now() WHERE id IN (7, 8)")
        ended = end(process, held)

    assert (ended.code, ended.document["outcome"]) == (1, "failed")
    assert ended.document["message"] == (
        f"{BROKEN}not every original could be put back: {USERS - 3} restored, 1 left alone "
        f"(left-alone-{FIELD}.csv in the evidence says why), 2 still held: "
        f"`reseal rollback {ended.run_id}` goes on"
    )
    assert scene.ask(OUTCOME, ended.run_id) == "failed"
    assert scene.sealed().keys() == {7, 8}

    going_on = scene.command_line.run("rollback", ended.run_id, "--json")
    assert (going_on.code, going_on.part(FIELD)["restored"]) == (4, 2)
    assert scene.stored() == before | {3: NEW}
    assert scene.ask(OUTCOME, ended.run_id) == "rolled_back"


def test_a_rollback_that_fails_does_not_forget_what_it_was_for(had):
    scene, _ = had
    with broken_and_held(scene) as (process, held):
        assert scene.ask(LOSE_THE_LAST) == 1
        ended = end(process, held)

    assert (ended.code, ended.document["outcome"]) == (1, "failed")
    assert ended.document["message"] == (
        f"{BROKEN}the rollback failed: the backup of run {ended.run_id} was shredded; "
        f"`reseal rollback {ended.run_id}` puts the originals back"
    )
