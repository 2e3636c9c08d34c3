"""A real run feels the database, says why it waits, and goes on or ends as it is told to."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import psycopg
import pytest

from tests.flows.conftest import CONFIG, Ended
from tests.flows.scene import Scene, wait_until
from tests.flows.statements import BUSY
from tests.flows.test_stop import ENVELOPES, SLOW

pytestmark = pytest.mark.slow

USERS = 12_000
# However busy the machine is that the tests run on.
CALM = "login_ms = 10000\nactive_per_core = 100\nblocked_seconds = 60"
ONE = "SELECT * FROM users WHERE id = 1 FOR UPDATE"


@contextmanager
def run_of(scene: Scene, config: str) -> Iterator[Any]:
    """A careful run on a database that takes its time, and has begun to seal."""
    scene.command_line.write_config(f"{config}\n{CONFIG}")
    scene.enrol("JBSWY3DPEHPK3PXP" for _ in range(USERS))
    with scene.connect() as connection:
        connection.execute(SLOW)
    process = scene.command_line.start("encrypt", "--safe", "--json")
    wait_until(lambda: scene.ask(ENVELOPES) or process.poll() is not None)
    yield process
    if process.poll() is None:
        process.kill()
        process.wait()


def end_of(process: Any) -> Ended:
    out, err = process.communicate(timeout=120)
    return Ended(process.wait(), out, err)


def pace_of(scene: Scene) -> dict[str, Any]:
    """What `status` says of the run's pace."""
    at_work = scene.command_line.run("status", "--json").document["at_work"]
    return (at_work and at_work[0]["pace"]) or {"action": None}


def is_paused_by(scene: Scene, signal: str) -> bool:
    said = pace_of(scene)
    return bool(said["action"] == "pause" and said["signal"] == signal)


@contextmanager
def kept_waiting(scene: Scene) -> Iterator[None]:
    """Somebody who waits for a row that somebody else does not let go, each only for a while."""
    with scene.connect() as holder, scene.connect() as waiter, holder.transaction():
        holder.execute(ONE)
        Thread(target=waiter.execute, args=[ONE], daemon=True).start()
        yield


def quicken(scene: Scene) -> None:
    with scene.connect() as connection:
        connection.execute("DROP TRIGGER slow ON users")


def test_a_long_transaction_and_a_queue_make_it_wait_and_when_they_end_it_goes_on(
    make_scene: Callable[[], Scene],
):
    scene = make_scene()
    with run_of(scene, f"[pace]\nrest = 1\n[pace.limits]\n{CALM}\nsnapshot_seconds = 2") as process:
        with psycopg.connect(scene.database, application_name="report") as reader:
            reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            reader.execute("SELECT count(*) FROM users")
            wait_until(lambda: is_paused_by(scene, "snapshot_seconds"))
            said, sealed = pace_of(scene), scene.ask(ENVELOPES)
            assert (said["signal"], said["limit"]) == ("snapshot_seconds", 2.0)
            assert said["value"] > 2
            assert (said["stage"], said["total"]) == ("encrypt", USERS)
            # It holds nothing meanwhile, and writes nothing.
            wait_until(lambda: scene.ask(BUSY) == 0)
            shown = scene.command_line.run("status").err
            assert "is paused since" in shown
            assert "snapshot_seconds is" in shown
            assert scene.ask(ENVELOPES) - sealed <= 2000
        with kept_waiting(scene):
            wait_until(lambda: is_paused_by(scene, "queued_seconds"))
        quicken(scene)
        ended = end_of(process)
    assert (ended.code, ended.document["outcome"]) == (0, "done"), ended.err
    assert scene.ask(ENVELOPES) == USERS
    pacing = _pacing(scene, ended)
    paused = [one for one in pacing["decisions"] if one.get("action") == "pause"]
    assert [one["signal"] for one in paused][:2] == ["snapshot_seconds", "queued_seconds"]
    assert all(one["value"] >= one["limit"] for one in paused)
    assert pacing["limits"]["snapshot_seconds"] == 2.0
    assert pacing["not_measured"]["replica_lag_seconds"] == "no standby is connected"
    assert pacing["usual_login_ms"] > 0


def test_log_that_a_slot_keeps_ends_it_after_a_while_and_the_next_run_goes_on(
    make_scene: Callable[[], Scene],
):
    scene = make_scene()
    config = f"[pace]\nrest = 1\npatience_seconds = 2\n[pace.limits]\n{CALM}\nretained_wal_mb = 1"
    with run_of(scene, config) as process, scene.connect() as admin:
        admin.execute("SELECT pg_create_physical_replication_slot('unread', true)")
        try:
            admin.execute("SELECT pg_logical_emit_message(false, 'x', repeat('x', 3000000), true)")
            ended = end_of(process)
        finally:
            admin.execute("SELECT pg_drop_replication_slot('unread')")
    sealed = scene.ask(ENVELOPES)
    quicken(scene)
    again = scene.command_line.run("encrypt", "--json")

    assert (ended.code, ended.document["outcome"]) == (6, "stopped"), ended.err
    assert "paused for too long, as retained_wal_mb is" in ended.document["message"]
    assert 0 < sealed < USERS
    told = [one["signal"] for one in _pacing(scene, ended)["decisions"] if "signal" in one]
    assert told[-2:] == ["retained_wal_mb", "retained_wal_mb"]
    assert (again.code, scene.ask(ENVELOPES)) == (0, USERS), again.err


def test_outside_its_window_nothing_begins(make_scene: Callable[[], Scene]):
    scene = make_scene()
    opens = datetime.now(UTC) + timedelta(hours=2)
    between = f"{opens:%H:%M}-{opens + timedelta(hours=1):%H:%M}"
    scene.command_line.write_config(f'[pace]\nonly_between = "{between}"\n{CONFIG}')
    scene.enrol(["JBSWY3DPEHPK3PXP"])

    ended = scene.command_line.run("encrypt")

    assert ended.code == 3
    assert f"outside the window {between} UTC until {opens:%Y-%m-%dT%H:%M}+00:00" in ended.err
    assert scene.ask("SELECT to_regnamespace('reseal')") is None
    assert scene.command_line.run("encrypt", "--validate-only").code == 0
    never = scene.command_line.run("encrypt", "--done-by", "never")
    assert (never.code, "--done-by must be a date and time" in never.err) == (2, True)


def _pacing(scene: Scene, ended: Ended) -> dict[str, Any]:
    path = scene.directory / ended.document["evidence"] / "pacing.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found
