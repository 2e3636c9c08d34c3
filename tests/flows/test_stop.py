"""SIGTERM amid an encryption: it stops at a batch boundary, and the next run goes on.

To the whole group of processes, as a service manager sends it and Prefect's workers do.
"""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

import pytest

from tests.flows.conftest import Ended
from tests.flows.scene import FIELD, Scene, Stored, wait_until

pytestmark = pytest.mark.slow

USERS = 20_000
MOST_SECONDS = 10
ENVELOPES = "SELECT count(*) FROM users WHERE starts_with(mfa_secret, 'eyJrZXlWZXJzaW9uIjo')"
WRITTEN = "SELECT coalesce(sum(changed), 0)::int FROM reseal.batch"
# Rows by the transaction that wrote them, beside what that transaction's checkpoint says.
HALF_DONE = """
SELECT count(*) FROM (
    SELECT xmin::text AS xid, count(*) AS rows FROM users
    WHERE starts_with(mfa_secret, 'eyJrZXlWZXJzaW9uIjo') GROUP BY 1) AS written
FULL JOIN (SELECT (xid::text::numeric % 4294967296)::text AS xid, changed AS rows
           FROM reseal.batch WHERE changed > 0) AS recorded USING (xid)
WHERE written.rows IS DISTINCT FROM recorded.rows
"""
SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(0.1); RETURN NULL; END $$;
CREATE TRIGGER slow BEFORE UPDATE ON users FOR EACH STATEMENT EXECUTE FUNCTION slow();
"""


@dataclass(frozen=True)
class Stopped:
    """A run that was told to stop, and what stood in the table then."""

    scene: Scene
    before: Stored
    envelopes: dict[int, str]
    ended: Ended
    seconds: float


@pytest.fixture(scope="module")
def stopped(make_scene: Callable[[], Scene]) -> Stopped:
    """A run on a database that takes its time, told to stop when it is well under way."""
    scene = make_scene()
    before = scene.enrol("JBSWY3DPEHPK3PXP" for _ in range(USERS))
    with scene.connect() as connection:
        connection.execute(SLOW)
    service = replace(scene.command_line, is_cold=True, leads_a_session=True)
    process = service.start("encrypt", "--json")
    wait_until(lambda: scene.ask(ENVELOPES) > USERS / 10 or process.poll() is not None)
    os.killpg(process.pid, signal.SIGTERM)
    told = monotonic()
    out, err = process.communicate(timeout=60)
    ended = Ended(process.wait(), out, err)
    return Stopped(scene, before, scene.sealed(), ended, monotonic() - told)


def test_a_stopped_run_says_so_and_ends_soon(stopped: Stopped) -> None:
    document = stopped.ended.document
    assert (stopped.ended.code, document["outcome"]) == (6, "stopped"), stopped.ended.err
    assert document["message"].startswith("stopped at a batch boundary")
    assert stopped.seconds < MOST_SECONDS
    state = stopped.scene.api(f"flow_runs/{document['run_id']}")["state"]
    assert (state["type"], state["name"]) == ("CANCELLED", "Stopped")


def test_the_counts_of_a_stopped_run_are_those_of_the_table(stopped: Stopped) -> None:
    sealed = len(stopped.envelopes)
    assert USERS / 10 < sealed < USERS
    part = stopped.ended.part(FIELD)
    assert part["changed"] == stopped.scene.ask(WRITTEN) == sealed
    after = part["after"]
    assert (after["sealed"], after["plain"]) == ({"1": sealed}, USERS - sealed)
    assert f"{sealed} rows" in stopped.ended.document["message"]


def test_no_batch_is_half_done(stopped: Stopped) -> None:
    assert stopped.scene.ask(HALF_DONE) == 0
    stored = stopped.scene.stored()
    rest = {key: text for key, text in stored.items() if key not in stopped.envelopes}
    assert rest == {key: stopped.before[key] for key in rest}


def test_the_same_command_again_completes_and_seals_nothing_twice(stopped: Stopped) -> None:
    scene = stopped.scene
    with scene.connect() as connection:
        connection.execute("DROP TRIGGER slow ON users")
    again = scene.command_line.run("encrypt", "--json")
    assert (again.code, again.document["outcome"]) == (0, "done")
    assert again.part(FIELD)["changed"] == USERS - len(stopped.envelopes)
    envelopes = scene.sealed()
    assert {key: envelopes[key] for key in stopped.envelopes} == stopped.envelopes
    assert scene.opened() == stopped.before
