"""The demonstration's table, and its application against a table that is being swept."""

import json
import os
import signal
import subprocess
import sys
import time
from uuid import uuid4

import pytest

from reseal.access import Access
from reseal.backup import take
from reseal.census import take_census
from reseal.config import parse_config
from reseal.demo.application import Application, Rates, Writes
from reseal.demo.process import Running
from reseal.demo.report import Report
from reseal.demo.seed import MARK, UNRECOGNISABLE, seed
from reseal.errors import ConfigurationError, ResealError
from reseal.store import control, data_key, schema
from reseal.sweep import engine
from reseal.sweep.job import Assignment
from reseal.sweep.pace import Pace
from reseal.sweep.plan import plan
from reseal.sweep.span import Span
from reseal.sweep.turn import Turn

FIELD = "users.mfa_secret"
BUSY = Rates(logins=400, enrolments=60, disables=10)

TOML = '[[field]]\nname = "users.mfa_secret"\ntable = "public.users"\ncolumn = "mfa_secret"\n'


@pytest.fixture
def seeded(database, admin):
    admin.execute("DROP TABLE users")
    seed(database, 2000, seed=7)
    return database


@pytest.fixture
def application(seeded, config, access):
    return Application(seeded, config, access.kek(), rates=BUSY, sample=300)


def census(access: Access):
    opened = access.store("test")
    try:
        return take_census(opened, access.target(opened, FIELD))
    finally:
        opened.close()


def sweep_until_settled(access: Access, turn: Turn, passes: int = 3, rest: float = 0.0) -> None:
    """Do what the flow does, pass after pass; with rest, so slowly that much falls in between."""
    own, run_id = access.store("test"), uuid4()
    schema.migrate(own)
    data_key.ensure_active(own, access.kek(), "test")
    with control.hold(own, FIELD, run_id) as epoch:
        take.begin(own, run_id, FIELD, access.backup_kek())
        for number in range(1, passes + 1):
            job = access.job(Assignment(run_id, FIELD, turn, epoch, number))
            span = Span(0, job.target.pages + 1)
            pace = Pace(100, target=0.05, rest=rest)
            done = engine.sweep(job, plan, span, pace, engine.Hands())
            job.store.close()
            if not done.tally.changed + done.tally.moved + done.tally.locked:
                break
    own.close()


def test_the_table_holds_secrets_as_people_leave_them(seeded, access, admin):
    found = census(access)

    assert found.rows == 2000
    assert found.unrecognised == len(UNRECOGNISABLE) == 5
    assert (found.foreign, found.sealed) == (0, {})
    nulls, blanks, indexes = admin.execute(
        "SELECT count(*) FILTER (WHERE mfa_secret IS NULL),"
        " count(*) FILTER (WHERE mfa_secret = ''),"
        " (SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%(mfa_secret)') FROM users"
    ).fetchone()
    assert 150 < nulls < 250
    assert 30 < blanks < 90
    assert indexes == 1


@pytest.mark.parametrize(
    "spelling",
    [
        "^[A-Z2-7]{32}$",
        "^[A-Z2-7]{16}$",
        "^[A-Z2-7]{26}={6}$",
        "^[a-z2-7 ]{39}$",
        "^[A-Z2-7-]{39}$",
    ],
)
def test_every_spelling_of_base32_is_there(seeded, admin, spelling):
    (count,) = admin.execute(
        "SELECT count(*) FROM users WHERE mfa_secret ~ %s", [spelling]
    ).fetchone()

    assert count > 50


def test_the_same_seed_makes_the_same_table(seeded, admin):
    before = admin.execute(
        "SELECT md5(string_agg(u::text, '' ORDER BY id)) FROM users u"
    ).fetchone()

    seed(seeded, 2000, seed=7)

    after = admin.execute("SELECT md5(string_agg(u::text, '' ORDER BY id)) FROM users u").fetchone()
    assert after == before


def test_a_new_user_gets_a_new_id(seeded, admin):
    (number,) = admin.execute(
        "INSERT INTO users (email, name, mfa_enabled, created_at)"
        " VALUES ('new@example.com', 'New', false, now()) RETURNING id"
    ).fetchone()

    assert number == 2001


def test_a_users_table_of_someone_else_stays(database, admin):
    with pytest.raises(ConfigurationError, match="did not make"):
        seed(database, 100)

    assert admin.execute("SELECT obj_description('users'::regclass)").fetchone() == (None,)
    admin.execute(f"COMMENT ON TABLE users IS '{MARK}'")
    seed(database, 100)
    assert admin.execute("SELECT count(*) FROM users").fetchone() == (100,)


@pytest.mark.parametrize("writes", list(Writes))
def test_logins_and_enrolments_live_through_a_sweep(seeded, config, access, writes, admin):
    if writes is Writes.SEALED:
        prepare(access)
    application = Application(seeded, config, access.kek(), rates=BUSY, sample=300, writes=writes)
    application.start()
    time.sleep(0.3)
    sweep_until_settled(access, Turn.SEAL, rest=1.0)
    time.sleep(1.2)
    report = application.stop()

    assert report.logins > 200
    assert (report.failed, report.lost, dict(report.errors)) == (0, 0, {})
    assert report.re_enrolled > 20
    assert (report.re_enrolled_plain > 0) is (writes is not Writes.SEALED)
    assert (report.re_enrolled_plain < report.re_enrolled) is (writes is not Writes.PLAIN)
    (seals,) = admin.execute("SELECT seals FROM reseal.reader").fetchone()
    assert seals is (writes is not Writes.PLAIN)
    sweep_until_settled(access, Turn.SEAL)
    assert census(access).plain == 0


def test_logins_and_enrolments_live_through_the_way_back(application, seeded, access):
    sweep_until_settled(access, Turn.SEAL)
    application.start()
    sweep_until_settled(access, Turn.UNSEAL, passes=2, rest=1.0)
    report = application.stop()

    assert report.logins > 20
    assert (report.failed, report.lost, report.re_enrolled_plain) == (0, 0, 0)


def prepare(access: Access) -> None:
    own = access.store("test")
    schema.migrate(own)
    data_key.ensure_active(own, access.kek(), "test")
    own.close()


def test_a_spoilt_secret_is_a_login_that_fails(application, admin):
    application.start()
    admin.execute("UPDATE users SET mfa_secret = 'ABCDEFGHABCDEFGHABCDEFGHABCDEFGH'")
    time.sleep(0.5)
    report = application.stop()

    assert report.failed > 20
    assert report.lost > 200


def test_a_lost_enrolment_is_counted(application, admin):
    application.start()
    time.sleep(0.5)
    assert application.stop().lost == 0
    plain = {key: text for (key,), text in application.oracle.items() if text}

    admin.execute("UPDATE users SET mfa_secret = NULL WHERE id = %s", [min(plain)])
    admin.execute("UPDATE users SET mfa_secret = 'x' || mfa_secret WHERE id = %s", [max(plain)])

    assert set(application.lost()) == {(min(plain),), (max(plain),)}


def test_what_the_database_refuses_is_counted_by_its_type(application, admin):
    admin.execute("ALTER TABLE users ADD CHECK (length(mfa_secret) < 8) NOT VALID")
    application.start()
    time.sleep(0.4)
    report = application.stop()

    assert report.errors["CheckViolation"] == report.errors.total() > 0
    assert report.re_enrolled == report.lost == 0


def test_it_plays_on_any_table_that_a_field_describes(database, admin, access):
    admin.execute(
        "CREATE TABLE device (tenant uuid, name varchar(20), key varchar(80) NOT NULL,"
        " PRIMARY KEY (tenant, name))"
    )
    admin.execute(
        "INSERT INTO device SELECT gen_random_uuid(), 'n,' || i, md5(i::text)"
        " FROM generate_series(1, 50) i"
    )
    config = parse_config(
        {"field": [{"name": "device.key", "table": "device", "column": "key", "format": "hex"}]}
    )
    application = Application(database, config, access.kek(), rates=Rates(300, 100, 0))
    application.start()
    time.sleep(0.5)
    report = application.stop()

    assert report.logins > 50
    assert report.re_enrolled == report.re_enrolled_plain > 10
    assert (report.failed, report.lost, report.errors.total()) == (0, 0, 0)


def test_nobody_to_play_with_is_said(database, config, access):
    with pytest.raises(ConfigurationError, match="nobody"):
        Application(database, config, access.kek()).start()


def test_a_report_without_logins_has_no_percentiles():
    assert Report().as_dict()["p95_ms"] == 0.0
    assert Report(seconds=[0.001] * 99 + [1.0]).milliseconds(50) == 1.0


@pytest.fixture
def toml(tmp_path):
    path = tmp_path / "reseal.toml"
    path.write_text(TOML)
    return path


def test_as_a_process_it_reports_when_it_is_told_to_stop(seeded, toml, keys):
    running = Running.start(
        seeded, toml, "env:TEST_KEK", {**os.environ, **keys}, "--enrolments", "30"
    )
    time.sleep(0.7)
    report = running.stop()

    assert report["logins"] > 30
    assert report["re_enrolled"] == report["re_enrolled_plain"] > 3
    assert (report["failed"], report["lost"], report["errors"]) == (0, 0, 0)
    assert {"disabled", "p50_ms", "p95_ms"} <= report.keys()


@pytest.mark.parametrize("how", ["seconds", "sigterm"])
def test_as_a_process_it_ends_by_itself_or_by_a_signal(seeded, toml, keys, how):
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "reseal.demo.application",
            seeded,
            str(toml),
            "env:TEST_KEK",
            "1" if how == "seconds" else "0",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **keys},
    )
    if how == "sigterm":
        time.sleep(2)
        process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0

    # Only now: closing its stdin would end it too.
    printed, _ = process.communicate()
    assert json.loads(printed)["logins"] > 0


def test_a_process_that_cannot_start_says_so(seeded, tmp_path, keys):
    with pytest.raises(ResealError, match="without a report"):
        Running.start(seeded, tmp_path / "none.toml", "env:TEST_KEK", {**os.environ, **keys})
