"""Documents: what preflight says of what reads one, of what must accept one, and of its growth."""

from contextlib import closing
from dataclasses import replace

import psycopg
import pytest

from reseal.config import parse_config
from reseal.envelope import write
from reseal.path import Path
from reseal.preflight import PreflightPlan, Verdict, run_preflight, subject
from reseal.preflight.growth import growth
from reseal.preflight.reads import reads_secret
from reseal.store.catalog import describe
from tests.conftest import SENTINEL, USERS_FIELD
from tests.reseal.test_preflight import PLAN, found, look

REFUSE, WARN, OK = Verdict.REFUSE, Verdict.WARN, Verdict.OK

# An expression as the catalog prints it, the path, and whether it may read what is there.
READS = {
    "a sibling": ("((data -> 'totp'::text) ->> 'issuer'::text)", "totp.secret", False),
    "the leaf": ("((data -> 'totp'::text) ->> 'secret'::text)", "totp.secret", True),
    "what holds the leaf": ("lower((data -> 'totp'::text)::text)", "totp.secret", True),
    "all of it": ("lower((data)::text)", "totp.secret", True),
    "a member of the leaf's name elsewhere": ("(data ->> 'secret'::text)", "totp.secret", False),
    "a member of a cast document": ("((data)::jsonb ->> 'email'::text)", "secret", False),
    "a sibling by subscripts": ("data['totp'::text]['issuer'::text]", "totp.secret", False),
    "the leaf by subscripts": ("data['totp'::text]['secret'::text]", "totp.secret", True),
    "a sibling by a path": ("(data #>> '{totp,issuer}'::text[])", "totp.secret", False),
    "the leaf by a path": ("(data #>> '{totp,secret}'::text[])", "totp.secret", True),
    "an element's sibling": ("((data -> 0) ->> 'name'::text)", "[*].secret", False),
    "an element's leaf": ("((data -> 0) ->> 'secret'::text)", "[0].secret", True),
    "a member that is computed": ("(data ->> email)", "secret", True),
    "a test of a member": ("(data ? 'email'::text)", "secret", True),
    "a sibling and the leaf": (
        "((data ->> 'email'::text) || (data ->> 'secret'::text))", "secret", True,
    ),
    "another column": ("(other ->> 'secret'::text)", "secret", False),
    "a column whose name begins alike": ("(data2 ->> 'secret'::text)", "secret", False),
    "a name with a quote": ("(data ->> 'it''s'::text)", '"it\'s"', True),
}  # fmt: skip


@pytest.mark.parametrize(("expression", "path", "reads"), READS.values(), ids=READS)
def test_an_expression_reads_a_leaf_or_goes_another_way(expression, path, reads):
    assert reads_secret(expression, "data", Path.parse(path)) is reads


def test_a_column_in_quotes_is_found():
    assert reads_secret('("My""data" ->> \'secret\'::text)', 'My"data', Path.parse("secret"))


SEALED = write(1, bytes(12), bytes(16), b"x" * 15)
DOCUMENT = '\'{"email": "a", "totp": {"secret": "JBSWY3DPEHPK3PXP", "n": 1.50}}\''


def users(column: str = "jsonb", value: str = DOCUMENT, more: str = "") -> str:
    return (
        "DROP TABLE users;"
        f"CREATE TABLE users (id bigint PRIMARY KEY, email text, mfa_secret {column});"
        f"INSERT INTO users SELECT n, n, {value} FROM generate_series(1, 20) AS n; {more};"
    )


def index(definition: str, kind: str = "INDEX", column: str = "jsonb") -> str:
    return users(column, more=f"CREATE {kind} x ON users {definition}")


def check(condition: str, column: str = "jsonb") -> str:
    return users(column, more=f"ALTER TABLE users ADD CONSTRAINT x CHECK ({condition})")


def made(expression: str) -> str:
    add = f"ALTER TABLE users ADD made text GENERATED ALWAYS AS ({expression}) STORED"
    return users(more=add)


EMAIL = "(mfa_secret ->> 'email')"
TOTP = "(mfa_secret -> 'totp' ->> 'secret')"
INDEXES, UNIQUE, GENERATED = "column: indexes", "column: unique", "column: generated"
CHECKS, ROOM = "column: checks", "column: room"
CODES = {"path": "[*]"}
ARRAY = "'{JBSWY3DPEHPK3PXP,JBSWY3DPEHPK3PXQ}'"
INNER = """'{"settings": "{\\"totp\\": {\\"secret\\": \\"JBSWY3DPEHPK3PXP\\"}}"}'"""

# What is arranged, how the field is described, the check, its verdict, and what it says.
CASES = {
    "an index of a sibling": (index(f"({EMAIL})"), {}, INDEXES, OK, "none"),
    "an index of the leaf": (index(f"({TOTP})"), {}, INDEXES, WARN, "until VACUUM or REINDEX"),
    "an index of all of it": (index("USING gin (mfa_secret)"), {}, INDEXES, WARN, "REINDEX"),
    "an index of a sibling, where the leaf is": (
        index(f"(email) WHERE {TOTP} IS NOT NULL"), {}, INDEXES, WARN, "x;",
    ),
    "an index of a sibling in a text": (
        index("((mfa_secret::jsonb ->> 'email'))", column="text"), {}, INDEXES, OK, "none",
    ),
    "a unique index of a sibling": (
        users(more=f"UPDATE users SET mfa_secret = NULL; CREATE UNIQUE INDEX ON users ({EMAIL})"),
        {}, UNIQUE, OK, "none",
    ),
    "a unique index of the leaf": (
        users(more=f"UPDATE users SET mfa_secret = NULL; CREATE UNIQUE INDEX x ON users ({TOTP})"),
        {}, UNIQUE, REFUSE, "x;",
    ),
    "a unique index of a sibling, where the leaf is": (
        index(f"({EMAIL}, id) WHERE {TOTP} IS NOT NULL", "UNIQUE INDEX"), {}, UNIQUE, OK, "none",
    ),
    "a unique index of all of it": (
        index("(email, mfa_secret)", "UNIQUE INDEX"), {}, UNIQUE, REFUSE, "x;",
    ),
    "a column made of a sibling": (made(EMAIL), {}, GENERATED, OK, "none"),
    "a column made of the leaf": (made(TOTP), {}, GENERATED, REFUSE, "made;"),
    "a document in a short text": (
        users("varchar(400)"), {}, ROOM, WARN, "400 characters, a document grows",
    ),
    "a document in a short text with a view": (
        users("varchar(400)", more="CREATE VIEW shown AS SELECT mfa_secret FROM users"),
        {}, ROOM, REFUSE, "TYPE text: rule _RETURN on view shown",
    ),
    "codes in an array of short texts": (users("varchar(16)[]", ARRAY), CODES, ROOM, WARN, "16"),
    "codes in an array of short texts with a view": (
        users("varchar(16)[]", ARRAY, "CREATE VIEW shown AS SELECT mfa_secret FROM users"),
        CODES, ROOM, REFUSE, "TYPE varchar[]: ",
    ),
    "a CHECK that envelopes pass": (
        check("jsonb_typeof(mfa_secret -> 'totp') = 'object'"), {}, CHECKS, OK, "x accepts",
    ),
    "a CHECK of a sibling": (check(f"length({EMAIL}) = 1"), {}, CHECKS, OK, "x accepts"),
    "a CHECK of the leaf": (
        check(f"length({TOTP}) = 16"), {}, CHECKS, REFUSE, "x (rejects 20 of 20",
    ),
    "a CHECK of the length of a text": (
        check("length(mfa_secret) < 200", "text"), {}, CHECKS, REFUSE, "x (rejects 20 of 20",
    ),
    "a CHECK of the text of a json": (
        check("""mfa_secret::text LIKE '%"n": 1.50%'""", "json"), {}, CHECKS, OK, "x accepts",
    ),
    "a CHECK of a leaf that is sealed": (
        users(value=DOCUMENT.replace("JBSWY3DPEHPK3PXP", SEALED))
        + f"ALTER TABLE users ADD CONSTRAINT x CHECK (length({TOTP}) = {len(SEALED)}) NOT VALID;",
        {}, CHECKS, OK, "x accepts",
    ),
    "a CHECK of JSON in a string": (
        users("jsonb", INNER, "ALTER TABLE users ADD CONSTRAINT x CHECK"
              " ((mfa_secret ->> 'settings')::jsonb -> 'totp' ? 'secret')"),
        {"path": "settings.totp.secret"}, CHECKS, OK, "x accepts",
    ),
    "a CHECK of how many codes there are": (
        users("text[]", ARRAY, "ALTER TABLE users ADD CONSTRAINT x"
              " CHECK (cardinality(mfa_secret) = 2)"),
        CODES, CHECKS, OK, "x accepts",
    ),
    "a CHECK of all codes": (
        users("text[]", ARRAY, "ALTER TABLE users ADD CONSTRAINT x"
              " CHECK (length(array_to_string(mfa_secret, '')) = 32)"),
        CODES, CHECKS, REFUSE, "x (rejects 20 of 20",
    ),
    "a CHECK where no secret is": (
        users(value="'{}'", more="ALTER TABLE users ADD CONSTRAINT x CHECK (mfa_secret = '{}')"),
        {}, CHECKS, WARN, "x has no row to be tried on",
    ),
    "a domain that rejects": (
        "CREATE DOMAIN profile AS jsonb CONSTRAINT brief CHECK (length(value::text) < 100);"
        + users("profile"),
        {}, CHECKS, REFUSE, "constraint brief",
    ),
    "a domain that accepts": (
        "CREATE DOMAIN profile AS jsonb CHECK (value ? 'totp');" + users("profile"),
        {}, CHECKS, OK, "domain profile accepts",
    ),
}  # fmt: skip


def described(access, **words):
    field = USERS_FIELD | {"path": "totp.secret"} | words
    return replace(access, config=parse_config({"field": [field]}))


@pytest.mark.parametrize(
    ("statements", "words", "name", "verdict", "said"), CASES.values(), ids=CASES
)
def test_what_reads_or_limits_a_document_is_judged(
    statements, words, name, verdict, said, access, admin
):
    admin.execute(statements)

    check = found(look(described(access, **words)), name)

    assert check.verdict is verdict, check
    assert said in f"{check.value}; {check.remedy}"


def test_a_document_that_is_tried_never_travels(access, admin, monkeypatch):
    admin.execute(check(f"length({TOTP}) = 32").replace("JBSWY3DPEHPK3PXP", SENTINEL))
    sent = []
    execute = psycopg.Cursor.execute

    def spy(cursor, query, params=None, **rest):
        sent.append((query, params))
        return execute(cursor, query, params, **rest)

    monkeypatch.setattr(psycopg.Cursor, "execute", spy)
    report = look(described(access))

    assert "rejects 20 of 20" in found(report, CHECKS).value
    assert len(sent) > 20
    assert SENTINEL not in repr(sent) + repr(report)
    assert SENTINEL.encode().hex() not in repr(sent)


def counted(access) -> subject.FieldSubject:
    with closing(access.store("test")) as store:
        target = describe(store, access.config.fields[0])
        return subject.count(access, store, PLAN, target)


def test_the_secrets_of_a_document_are_counted_and_measured(access, admin):
    longer = "'{JBSWY3DPEHPK3PXP,JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP,\"\"}'"
    admin.execute(users("text[]", longer))

    contents = counted(described(access, path="[*]")).contents

    assert (contents.shortest, contents.longest, contents.secrets) == (16, 32, 2)


def test_a_document_is_expected_to_grow_by_each_of_its_secrets(access, admin):
    admin.execute(users("text[]", "'{JBSWY3DPEHPK3PXP}'"))
    one = growth(counted(described(access, path="[*]")))
    admin.execute(users("text[]", "array_fill('JBSWY3DPEHPK3PXP'::text, '{10}')"))
    ten = growth(counted(described(access, path="[*]")))

    # Nine more envelopes of at least 160 characters in each of 20 rows.
    assert ten.table - one.table >= 20 * 9 * 160


def test_a_long_document_is_expected_to_be_kept_whole(access, admin):
    admin.execute(users(value=DOCUMENT.replace('"a"', f'"{"a" * 50_000}"')))

    expected = growth(counted(described(access)))

    assert all(part > 20 * 50_000 for part in (expected.table, expected.log, expected.backup))


def test_rows_that_are_no_documents_are_no_hindrance(access, admin):
    admin.execute(users("text", more="UPDATE users SET mfa_secret = 'x' WHERE id = 1"))

    report = run_preflight(
        described(access), described(access).config.fields, PreflightPlan(PLAN.mode)
    )

    assert report.fields["users.mfa_secret"].unrecognised == 1
    assert found(report, "content: count").verdict is OK
