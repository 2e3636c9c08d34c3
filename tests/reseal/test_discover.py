"""Discover on tables as real applications have them, and on tables that only look alike."""

import json
import sys
from contextlib import closing
from uuid import uuid4

import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from flows import cli
from reseal.config import parse_config
from reseal.discover.look import look
from reseal.discover.report import look_through
from reseal.discover.sample import MOST_PAGES
from reseal.discover.tables import tables
from reseal.store.connection import Connection
from reseal.store.store import Store
from tests.conftest import SENTINEL
from tests.reseal.discoverable import (
    FUNCTIONS,
    REAL,
    ROWS,
    SECRET,
    TRIGGER,
    UNRELATED,
)


@pytest.fixture
def looked(database, admin):
    """Discover in the test's database; the table `users` of the template is empty."""
    admin.execute(FUNCTIONS)

    def look(*fields):
        config = parse_config({"field": list(fields)}).fields if fields else ()
        with closing(Store(Connection.open(database, "test", read_only=True))) as store:
            return look_through(store, config).as_dict()

    return look


@pytest.fixture
def reading(database):
    with closing(Store(Connection.open(database, "test", read_only=True))) as store:
        yield store


@pytest.fixture
def reader(database, admin):
    """A role that owns nothing, and the URL under which it connects."""
    name = f"reseal_reader_{uuid4().hex[:8]}"
    role = sql.Identifier(name)
    admin.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'r'").format(role))
    yield name, make_conninfo(database, user=name, password="r")
    admin.execute(sql.SQL("DROP OWNED BY {}").format(role))
    admin.execute(sql.SQL("DROP ROLE {}").format(role))


@pytest.mark.parametrize(("script", "expected"), REAL.values(), ids=REAL)
def test_what_real_applications_store_is_found_likely_and_nothing_else(
    script, expected, looked, admin
):
    admin.execute(script)

    columns = looked()["columns"]

    places = [(c["column"], c["path"], c["what"], c["format"]) for c in columns]
    assert set(places) == expected
    assert len(places) == len(expected)
    assert {c["confidence"] for c in columns} == {"likely"}
    assert all(0 < c["matching"] <= c["sampled"] for c in columns)


def test_in_unrelated_tables_nothing_is_called_likely(looked, admin):
    admin.execute(UNRELATED)

    columns = looked()["columns"]

    assert [c for c in columns if c["confidence"] == "likely"] == []
    assert {c["column"] for c in columns} == {"api_key", "blob", "option", "payload"}
    assert {c["what"] for c in columns} == {SECRET}


def test_a_leaf_is_no_copy_of_itself(looked, admin):
    admin.execute(
        f"""CREATE TABLE t (id int PRIMARY KEY, mfa jsonb); INSERT INTO t
        SELECT n, jsonb_build_object('secret', b32(32, n), 'shown', 'is ' || b32(32, n)) {ROWS}"""
    )

    assert [(c["path"], c["what"]) for c in looked()["copies"]] == [
        ("shown", "contains the secret")
    ]


def test_what_is_registered_is_named_after_its_field(looked, admin):
    admin.execute(REAL["vikunja"][0])
    admin.execute(REAL["kratos"][0])
    config = {"name": "k", "table": "identity_credentials", "column": "config", "path": "totp_url"}

    columns = looked({"name": "v", "table": "totp", "column": "secret"}, config)["columns"]

    assert {(c["column"], c["registered"]) for c in columns} == {
        ("secret", "v"),
        ("url", None),
        ("config", "k"),
    }


def test_envelopes_and_what_another_application_encrypted_are_told_from_secrets(looked, admin):
    admin.execute(
        f"""CREATE TABLE mfa (id int, old_secret text, otp_key text, totp_hash text);
        INSERT INTO mfa SELECT n, 'eyJrZXlWZXJzaW9uIjoxLCJ2Ijox' || b32(32, n),
            'gAAAAA' || b32(52, n), '$2b$12$' || md5(n::text) {ROWS}"""
    )

    found = {(c["column"], c["what"], c["format"]) for c in looked()["columns"]}

    assert found == {("old_secret", "envelope", None), ("otp_key", "foreign", None)}


def test_triggers_that_see_the_old_secret_are_findings(looked, admin):
    admin.execute(TRIGGER)

    triggers = looked()["triggers"]

    assert [(t["trigger"], t["what"]) for t in triggers] == [
        ("journal", "copies the whole old row"),
        ("keep", "reads the old value"),
    ]


def test_a_few_secrets_in_a_large_table_are_found_without_a_scan(looked, reading, admin):
    admin.execute(
        """CREATE TABLE large (id int, name text, totp_secret text);
        INSERT INTO large SELECT n, repeat('x', 80), CASE WHEN n % 2500 = 0 THEN b32(32, n) END
        FROM generate_series(1, 400000) AS n;
        ANALYZE large"""
    )
    (large,) = [table for table in tables(reading) if table.name == "large"]
    read = "SELECT pg_stat_get_xact_blocks_fetched(%s)"

    with reading.transaction():
        (found,) = look(reading, large)
        (blocks,) = reading.need(read, [large.oid])

    assert (found.column.name, found.is_likely) == ("totp_secret", True)
    assert 20 < found.verdict.sampled < 120
    assert MOST_PAGES / 2 < blocks < 1.2 * MOST_PAGES < large.pages / 2


def test_the_document_is_the_same_each_time_and_holds_no_value(looked, admin):
    admin.execute(REAL["misskey"][0])
    admin.execute("INSERT INTO users (email, mfa_secret) VALUES ('a', %s)", [SENTINEL])

    first, second = looked(), looked()

    assert first == second
    assert SENTINEL not in json.dumps(first)
    assert set(first) == {"columns", "copies", "triggers", "not_looked_at"}


def test_what_the_role_may_not_read_is_named(reader, admin):
    name, url = reader
    admin.execute(sql.SQL("GRANT SELECT (id, email) ON users TO {}").format(sql.Identifier(name)))

    with closing(Store(Connection.open(url, "test"))) as store:
        said = look_through(store, ()).as_dict()["not_looked_at"]

    assert said == [{"table": "public.users", "why": "the role may not read mfa_secret"}]


def test_the_command_needs_no_configuration(database, admin, monkeypatch, tmp_path, capsys):
    admin.execute(FUNCTIONS + REAL["vikunja"][0])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RESEAL_DATABASE_URL", database)
    monkeypatch.delenv("RESEAL_CONFIG", raising=False)

    codes = []
    for words in (["discover", "--json"], ["discover"], ["discover", "--config", "lost.toml"]):
        monkeypatch.setattr(sys, "argv", ["reseal", *words])
        codes.append(cli.main())

    printed = capsys.readouterr()
    assert codes == [0, 0, 2]
    assert [c["column"] for c in json.loads(printed.out)["columns"]] == ["secret", "url"]
    assert "copy of totp.secret: public.totp.url: otpauth uri, contains the secret" in printed.err
