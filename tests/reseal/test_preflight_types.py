"""Columns of every type: what preflight says of their room and of what must accept envelopes."""

from dataclasses import replace

import pytest

from reseal.config import parse_config
from reseal.preflight import Verdict
from tests.conftest import USERS_FIELD
from tests.reseal.test_preflight import found, look

REFUSE, WARN, OK = Verdict.REFUSE, Verdict.WARN, Verdict.OK
SIDE = {"store": "side"}
ROOM, CHECKS = "column: room", "column: checks"
SECRET = "'JBSWY3DPEHPK3PXP'"
WHERE = {"where": "id IN (SELECT 1 FROM pg_class)"}


def users(column: str, value: str = SECRET, more: str = "") -> str:
    """A table of users whose secret is such a column, with this value in each row."""
    return (
        "DROP TABLE users;"
        f"CREATE TABLE users (id bigint PRIMARY KEY, email text, mfa_secret {column});"
        f"INSERT INTO users SELECT n, n, {value} FROM generate_series(1, 20) AS n; {more}"
    )


def domain(definition: str, column: str = "code", value: str = SECRET) -> str:
    return f"CREATE DOMAIN code AS {definition};" + users(column, value)


POLICY = "CREATE POLICY mine ON users USING (mfa_secret IS NOT NULL);"
VIEW = "CREATE VIEW shown AS SELECT mfa_secret FROM users;"
PUBLISHED = "CREATE PUBLICATION part FOR TABLE users (id, mfa_secret);"
FUNCTION = (
    "CREATE FUNCTION secrets() RETURNS bigint LANGUAGE sql"
    " BEGIN ATOMIC SELECT count(*) FROM users WHERE mfa_secret = ''; END;"
)

SHIELD = (
    "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    "CREATE TRIGGER {}_shield_1 BEFORE UPDATE OF mfa_secret ON users"
    " FOR EACH ROW EXECUTE FUNCTION keep();"
)

# What is arranged, how the field is described, the check, its verdict, and what it says.
CASES = {
    "text": (users("text"), {}, ROOM, OK, "no limit"),
    "varchar": (users("varchar"), {}, ROOM, OK, "no limit"),
    "citext": ("CREATE EXTENSION citext;" + users("citext"), {}, ROOM, OK, "no limit"),
    "bytea": (users("bytea", f"{SECRET}::bytea"), {}, ROOM, OK, "no limit"),
    "a long varchar": (users("varchar(255)"), {}, ROOM, OK, "255 characters, "),
    "a short varchar": (users("varchar(100)"), {}, ROOM, WARN, "take the limit away"),
    "a short varchar under Reseal's own trigger": (
        users("varchar(100)", more=SHIELD.format("reseal")), {}, ROOM, WARN, "take the limit away",
    ),
    "a short varchar under the application's": (
        users("varchar(100)", more=SHIELD.format("own")), {}, ROOM, REFUSE, "trigger own_shield_1",
    ),
    "char": (users("char(16)"), {}, ROOM, WARN, "new values are then no longer padded"),
    "a char in which an envelope would fit": (
        users("char(250)"), {}, ROOM, WARN, "rewrites nothing",
    ),
    "a mark in a short varchar": (
        users("varchar(16)"), SIDE, ROOM, OK, "16 characters, a mark of 16",
    ),
    "a mark in char": (users("char(32)"), SIDE, ROOM, OK, "a mark of 16 characters"),
    "a mark in text": (users("text"), SIDE, ROOM, OK, "a mark of 16 characters"),
    "a mark that does not fit": (
        users("varchar(15)", "'JBSWY3DPEHPK3PX'"), SIDE, ROOM, REFUSE, "15 characters, a mark",
    ),
    "a domain without a limit": (domain("text"), {}, ROOM, OK, "no limit"),
    "a domain with a limit that will do": (domain("varchar(255)"), {}, ROOM, OK, "255"),
    "a domain with a limit": (domain("varchar(64)"), {}, ROOM, REFUSE, "by the domain code"),
    "a domain of a domain with a limit": (
        "CREATE DOMAIN short AS varchar(64);" + domain("short"),
        {}, ROOM, REFUSE, "by the domain code",
    ),
    "a domain in which a mark fits": (domain("varchar(64)"), SIDE, ROOM, OK, "a mark"),
    "a short column with a policy": (
        users("varchar(40)", SECRET, POLICY), {}, ROOM, REFUSE, "policy mine",
    ),
    "a short column in a publication": (
        users("varchar(40)", SECRET, PUBLISHED), {}, ROOM, REFUSE, "publication part",
    ),
    "a short column in a function": (
        users("varchar(40)", SECRET, FUNCTION), {}, ROOM, REFUSE, "function secrets()",
    ),
    "a short column with a view, and another way": (
        users("varchar(40)", SECRET, VIEW), {}, ROOM, REFUSE, 'store = "side"',
    ),
    "a mark in a short column with a view": (
        users("varchar(40)", SECRET, VIEW), SIDE, ROOM, OK, "a mark",
    ),
    "a domain that accepts": (
        domain("text CHECK (length(value) > 15) NOT NULL"), {}, CHECKS, OK, "domain code",
    ),
    "a domain that rejects": (
        domain("text CONSTRAINT brief CHECK (length(value) < 40)"),
        {}, CHECKS, REFUSE, "constraint brief",
    ),
    "a domain of a domain that rejects": (
        "CREATE DOMAIN short AS text CHECK (length(value) < 40);" + domain("short"),
        {}, CHECKS, REFUSE, "alter the domain",
    ),
    "a domain that accepts a mark": (
        domain("text CHECK (length(value) < 40)"), SIDE, CHECKS, OK, "domain code accepts",
    ),
    "a CHECK that accepts a mark": (
        users("varchar(16) CHECK (length(mfa_secret) = 16)"), SIDE, CHECKS, OK, "accepts",
    ),
    "a CHECK that rejects a mark": (
        users("text CHECK (mfa_secret ~ '^[A-Z2-7]+$')"), SIDE, CHECKS, REFUSE, "rejects 20 of 20",
    ),
    "a CHECK of a padded mark": (
        users("char(20) CHECK (octet_length(mfa_secret) = 20)"), SIDE, CHECKS, OK, "accepts",
    ),
    "a CHECK of bytes that accepts": (
        users("bytea CHECK (octet_length(mfa_secret) > 15)", f"{SECRET}::bytea"),
        {}, CHECKS, OK, "accepts",
    ),
    "a CHECK of bytes that rejects": (
        users("bytea CHECK (octet_length(mfa_secret) IN (16, 20))", f"{SECRET}::bytea"),
        {}, CHECKS, REFUSE, "rejects 20 of 20",
    ),
    "a CHECK that tells no case": (
        "CREATE EXTENSION citext;" + users("citext CHECK (mfa_secret ~ '^[a-z0-9=+/]+$')"),
        {}, CHECKS, OK, "accepts",
    ),
    "a CHECK without a row to be sealed": (
        users("text CHECK (mfa_secret = '')", "''"), {}, CHECKS, WARN, "has no row to be tried on",
    ),
    "a CHECK of the whole row": (
        users("text", SECRET, "ALTER TABLE users ADD CHECK (length(users::text) < 60)"),
        {}, CHECKS, REFUSE, "rejects 20 of 20",
    ),
    "no where": (users("text"), {}, "guard: where", OK, "every row"),
    "a where on the row": (
        users("text"), {"where": "email <> '(select t.x)'"}, "guard: where", OK, "row alone",
    ),
    "a where with a subquery": (users("text"), WHERE, "guard: where", WARN, "a subquery"),
    "a where with a list of values": (
        users("text"), {"where": "id IN (VALUES (1), (2))"}, "guard: where", WARN, "a subquery",
    ),
    "a where with an alias": (users("text"), {"where": "t.id > 0"}, "guard: where", WARN, "t.NAME"),
    "a where with a system column": (
        users("text"), {"where": "ctid > '(0,1)'"}, "guard: where", WARN, "a system column",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("statements", "words", "name", "verdict", "said"), CASES.values(), ids=CASES
)
def test_a_column_of_a_type_is_judged(statements, words, name, verdict, said, access, admin):
    admin.execute(statements)
    config = parse_config({"field": [USERS_FIELD | words]})

    check = found(look(replace(access, config=config)), name)

    assert check.verdict is verdict, check
    assert said in f"{check.value}; {check.remedy}"


def test_a_constraint_that_is_not_enforced_rejects_nothing(access, admin):
    if admin.info.server_version < 180000:
        pytest.skip("PostgreSQL knows NOT ENFORCED from version 18 on")
    admin.execute(users("text CHECK (length(mfa_secret) < 40) NOT ENFORCED"))

    assert found(look(access), CHECKS).value == "none"
