"""A first reseal.toml: which columns it names, and what it says of them."""

import re
from contextlib import closing

import pytest
from psycopg import sql

from reseal.config import load_config
from reseal.discover import Answers, candidates, unique_names, write_config
from reseal.discover.report import copies_beside
from reseal.errors import ConfigurationError
from reseal.store.connection import Connection
from reseal.store.store import Store
from tests.reseal.discoverable import FUNCTIONS, REAL, ROWS
from tests.reseal.test_discover import reader, reading

__all__ = ["reader", "reading"]

CASES = {
    "vikunja": {("totp", "secret", None, "base32")},
    "misskey": {
        ("user_profile", "twoFactorSecret", None, "base32"),
        ("user_profile", "twoFactorTempSecret", None, "base32"),
    },
    "django-otp": {("otp_totp_totpdevice", "key", None, "hex")},
    "kratos": {("identity_credentials", "config", "totp_url", "otpauth")},
    "flask-security": {("account", "tf_totp_secret", "key", "base32")},
    "raw keys, a domain over char(n), a partitioned table": {
        ("keys", "raw_otp_key", None, "bytes"),
        ("keys", "totp_seed", None, "base32"),
    },
}
USERS = ("users", "mfa_secret", None, "base32")


@pytest.fixture(autouse=True)
def _functions(admin):
    admin.execute(FUNCTIONS)


@pytest.mark.parametrize(("name", "expected"), CASES.items(), ids=CASES)
def test_columns_and_leaves_are_named_with_their_formats(name, expected, admin, reading):
    admin.execute(REAL[name][0])

    found = {
        (c.table, c.column, str(c.path) if c.path else None, c.format)
        for c in candidates(reading, None, None)
    }

    assert found == expected | {USERS}


def test_what_is_written_is_read_as_the_same_fields(admin, reading, tmp_path):
    admin.execute(REAL["kratos"][0])
    admin.execute("CREATE SCHEMA two; CREATE TABLE two.users (id int, mfa_secret varchar(16))")
    path = tmp_path / "reseal.toml"

    found = candidates(reading, None, None)
    write_config(path, found, ["a note\nof [[two]] lines"])

    fields = load_config(path).fields
    assert [(f.name, f.qualified_table, f.column, f.path, f.format) for f in fields] == [
        (name, f"{c.schema}.{c.table}", c.column, c.path, c.format)
        for c, name in zip(found, unique_names(found), strict=True)
    ]
    assert {field.name for field in fields} == {
        "identity_credentials.config.totp_url",
        "public.users.mfa_secret",
        "two.users.mfa_secret",
    }
    assert path.read_text().splitlines()[-1] == "# a note of [[two]] lines"


def test_every_word_that_is_left_out_may_be_said_as_it_stands(reading, tmp_path):
    path = tmp_path / "reseal.toml"
    write_config(path, candidates(reading, None, None))
    before = load_config(path)

    path.write_text(re.sub(r"^#(?=\w+ =)", "", path.read_text(), flags=re.MULTILINE))
    said = load_config(path)

    assert (said.application, said.backup.to, said.keys.base_backups_kept_days) == (
        "app", "/srv/backups", 35,
    )  # fmt: skip
    assert (said.evidence, said.keys.cryptoperiod_days, said.backup.kept_days) == (
        before.evidence, before.keys.cryptoperiod_days, before.backup.kept_days,
    )  # fmt: skip
    assert said.fields[0].empty == before.fields[0].empty


def test_what_a_person_said_is_written_and_a_file_is_kept_unless_told_otherwise(reading, tmp_path):
    path, found = tmp_path / "reseal.toml", candidates(reading, None, None)
    write_config(path, found, (), Answers('ap"p', 0))

    with pytest.raises(ConfigurationError, match=r"exists already; edit it, or .*--overwrite"):
        write_config(path, found)
    kept = load_config(path)
    assert (kept.application, kept.keys.base_backups_kept_days) == ('ap"p', 0)

    write_config(path, found, overwrite=True)
    assert load_config(path).application is None


def test_copies_are_pointed_out_in_a_comment(admin, reading):
    admin.execute(REAL["vikunja"][0])

    assert copies_beside(reading, candidates(reading, None, None)) == [
        "public.totp.url holds copies of totp.secret (otpauth uri, contains the secret): "
        "see `reseal discover`"
    ]


def test_a_named_column_of_documents_is_described_with_its_path(admin, reading):
    admin.execute(f"CREATE TABLE d (id int, x jsonb); INSERT INTO d SELECT n, '[]' {ROWS}")

    with pytest.raises(ConfigurationError, match=r"public\.d\.x holds documents.*path ="):
        candidates(reading, "d", "x")

    admin.execute("UPDATE d SET x = jsonb_build_object('k', b32(32, id))")
    (found,) = candidates(reading, "public.d", "x")
    assert (found.name, str(found.path), found.format) == ("d.x.k", "k", "base32")


@pytest.mark.parametrize(
    ("table", "column"), [("users", "nothing"), ("nobody", "mfa_secret"), ("users", "id")]
)
def test_a_column_that_is_not_there_or_cannot_hold_an_envelope_is_said_so(table, column, reading):
    with pytest.raises(ConfigurationError, match="there is no column"):
        candidates(reading, table, column)


def test_a_database_without_a_candidate_is_said_so(admin, reading):
    admin.execute("DROP TABLE users")

    with pytest.raises(ConfigurationError, match="no column looks like an MFA secret"):
        candidates(reading, None, None)


def test_a_table_that_cannot_be_read_is_noted_and_stops_nothing(reader, admin):
    name, url = reader
    admin.execute("ALTER TABLE users ENABLE ROW LEVEL SECURITY")
    admin.execute("CREATE TABLE otp (id int PRIMARY KEY, key text)")
    admin.execute(f"INSERT INTO otp SELECT n, b32(32, n) {ROWS}")
    grant = sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}")
    admin.execute(grant.format(sql.Identifier(name)))

    with closing(Store(Connection.open(url, "test"))) as store:
        found = candidates(store, None, None)
        notes = copies_beside(store, found)

    assert [one.name for one in found] == ["otp.key", "users.mfa_secret"]
    assert len(notes) == 1
    assert notes[0].startswith("public.users was not looked at")
    assert "row-level security" in notes[0]
