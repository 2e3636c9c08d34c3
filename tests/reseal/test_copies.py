"""Copies beside a field: what `discover` and the preflight check say of them."""

from base64 import b32decode

import pytest
from psycopg import sql

from reseal.config import parse_config
from reseal.copies import Registered, copies_of
from reseal.copies.forms import needles, needles_sql
from reseal.modes import Mode
from reseal.preflight import PreflightPlan, Verdict, run_preflight
from reseal.store.catalog import describe
from reseal.store.store import Store
from tests.conftest import SENTINEL
from tests.reseal.discoverable import FUNCTIONS, ROWS
from tests.reseal.test_discover import reading

__all__ = ["reading"]

FIELD = {"name": "f", "table": "t", "column": "secret"}
CONTAINS = "contains the secret"

# The table, the field's own words, and what must be found: table, column, path, what.
CASES = {
    "the same text in a column of any name": (
        f"""CREATE TABLE t (id int PRIMARY KEY, secret text, x text, y text);
        INSERT INTO t SELECT n, b32(32, n), b32(32, n), b32(32, n + 1) {ROWS}""",
        {},
        {("t", "x", None, CONTAINS)},
    ),
    "in groups, in lower case, in the middle of a text": (
        f"""CREATE TABLE t (id int PRIMARY KEY, secret text, x text);
        INSERT INTO t SELECT n, b32(16, n), 'write down: ' || lower(regexp_replace(
            b32(16, n), '(....)', '\\1-', 'g')) || ' and keep it' {ROWS}""",
        {},
        {("t", "x", None, CONTAINS)},
    ),
    "decoded, as bytes and in hex": (
        """CREATE TABLE t (id int PRIMARY KEY, secret text, x bytea, y text);
        INSERT INTO t VALUES (1, 'JBSWY3DPEHPK3PXP', '\\x48656c6c6f21deadbeef', 'none'),
            (2, 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', 'no',
             'K=3132333435363738393031323334353637383930')
        """,
        {},
        {("t", "x", None, CONTAINS), ("t", "y", None, CONTAINS)},
    ),
    "hex in an otpauth URI, which has it in base32": (
        """CREATE TABLE t (id int PRIMARY KEY, secret text, x text);
        INSERT INTO t VALUES (1, '48656c6c6f21deadbeef', 'otpauth://totp/x?secret=JBSWY3DPEHPK3PXP')
        """,
        {"format": "hex"},
        {("t", "x", None, f"otpauth uri, {CONTAINS}")},
    ),
    "raw bytes in base32": (
        """CREATE TABLE t (id int PRIMARY KEY, secret bytea, x text);
        INSERT INTO t VALUES (1, '\\x48656c6c6f21deadbeef', 'JBSW Y3DP EHPK 3PXP')""",
        {"format": "bytes"},
        {("t", "x", None, CONTAINS)},
    ),
    "in a document beside": (
        f"""CREATE TABLE t (id int PRIMARY KEY, secret text, x jsonb, y text[]);
        INSERT INTO t SELECT n, b32(32, n), jsonb_build_object('a', b32(32, n)),
            ARRAY['red', lower(b32(32, n))] {ROWS}""",
        {},
        {("t", "x", None, CONTAINS), ("t", "y", None, CONTAINS)},
    ),
    "a sibling in the same document, and the next column": (
        f"""CREATE TABLE t (id int PRIMARY KEY, secret jsonb, x text);
        INSERT INTO t SELECT n, jsonb_build_object('key', b32(32, n), 'url', uri(n), 'n', 1),
            b32(32, n) {ROWS}""",
        {"path": "key"},
        {("t", "secret", "url", f"otpauth uri, {CONTAINS}"), ("t", "x", None, CONTAINS)},
    ),
    "a sibling in JSON inside a string, and the next column": (
        f"""CREATE TABLE t (id int PRIMARY KEY, secret text, x text);
        INSERT INTO t SELECT n, jsonb_build_object('inner', jsonb_build_object(
            'key', b32(32, n), 'shown', 'key ' || b32(32, n))::text)::text, b32(32, n) {ROWS}""",
        {"path": "inner.key"},
        {("t", "secret", "inner.shown", CONTAINS), ("t", "x", None, CONTAINS)},
    ),
    "a column beside documents of which one is broken and one no JSON to PostgreSQL": (
        f"""CREATE TABLE t (id int PRIMARY KEY, secret text, x text);
        INSERT INTO t SELECT n, CASE n WHEN 1 THEN '{{broken' WHEN 2 THEN '{{"n": "\\u0000"}}'
            ELSE format('{{"key": "%s"}}', b32(32, n)) END, b32(32, n) {ROWS}""",
        {"path": "key"},
        {("t", "x", None, CONTAINS)},
    ),
    "a column beside documents that cannot be taken apart, which is said": (
        f"""CREATE TABLE t (id int PRIMARY KEY, secret text, x text);
        INSERT INTO t SELECT n, CASE n WHEN 1 THEN '[broken'
            ELSE format('["%s"]', b32(32, n)) END, 'y' || n {ROWS}""",
        {"path": "[*]"},
        {("t", "", None, "not compared: its documents are no JSON to PostgreSQL")},
    ),
    "URI, QR image and recovery codes by their looks, where nothing is left to compare": (
        f"""CREATE TABLE t (id int PRIMARY KEY, secret text, u text, qr bytea, backup_codes text[]);
        INSERT INTO t SELECT n, NULL, uri(n), '\\x89504e470d0a1a0a'::bytea || raw(9, n),
            ARRAY[hex(10, n), hex(10, n + 99)] {ROWS}""",
        {},
        {
            ("t", "u", None, "otpauth uri"),
            ("t", "qr", None, "qr image"),
            ("t", "backup_codes", "[*]", "recovery codes"),
        },
    ),
    "pending and fallback columns by their names, though empty": (
        """CREATE TABLE t (id int PRIMARY KEY, secret text, pending_secret text, legacy_secret text,
                            old_address text, new_email text);
        INSERT INTO t VALUES (1, 'JBSWY3DPEHPK3PXP')""",
        {},
        {
            ("t", "pending_secret", None, "pending or former secret, by its name"),
            ("t", "legacy_secret", None, "pending or former secret, by its name"),
        },
    ),
    "a history and another table that share values": (
        f"""CREATE TABLE t (id int PRIMARY KEY, secret text);
        CREATE TABLE t_history (at int, secret text); CREATE TABLE other (secret text);
        CREATE TABLE third (secret text);
        INSERT INTO t SELECT n, b32(32, n) {ROWS};
        INSERT INTO t_history SELECT n, b32(32, n) {ROWS}; INSERT INTO other SELECT b32(32, 7);
        INSERT INTO third SELECT 'x' || n {ROWS}""",
        {},
        {
            ("t_history", "secret", None, "history of the table: totp secret, the same values"),
            ("other", "secret", None, "the same values"),
        },
    ),
    "a journal of changes that has the row as JSON": (
        f"""CREATE TABLE t (id int PRIMARY KEY, mfa_secret text);
        CREATE TABLE audit_log (id int, row_data jsonb);
        INSERT INTO t SELECT n, b32(32, n) {ROWS};
        INSERT INTO audit_log SELECT n, jsonb_build_object('mfa_secret', b32(32, n)) {ROWS}""",
        {"column": "mfa_secret"},
        {("audit_log", "row_data", "mfa_secret", "journal of changes: totp secret")},
    ),
    "nothing": (
        f"""CREATE TABLE t (id int PRIMARY KEY, secret text, email text, password_md5 text);
        INSERT INTO t SELECT n, b32(32, n), n || '@example.org', md5(n::text) {ROWS}""",
        {},
        set(),
    ),
}


@pytest.fixture
def search(reading: Store, admin):
    """Search for the copies of the first field; the others are registered, too."""
    admin.execute(FUNCTIONS)

    def copies(*fields):
        described = parse_config({"field": list(fields)}).fields
        return copies_of(reading, describe(reading, described[0]), Registered(described))

    return copies


def places(found):
    return {(c.table.removeprefix("public."), c.column, c.path, c.what) for c in found.copies}


@pytest.mark.parametrize(("script", "words", "expected"), CASES.values(), ids=CASES)
def test_copies_are_found_by_what_they_hold_and_by_their_looks(
    script, words, expected, search, admin
):
    admin.execute(script)

    assert places(search(FIELD | words)) == expected


def test_what_is_a_field_of_its_own_is_no_copy(search, admin):
    script, words, _ = CASES["a sibling in the same document, and the next column"]
    admin.execute(script)
    url = {"name": "u", "table": "t", "column": "secret", "path": "url", "format": "otpauth"}
    beside = {"name": "x", "table": "t", "column": "x"}

    assert places(search(FIELD | words, url)) == {("t", "x", None, CONTAINS)}
    assert places(search(FIELD | words, url, beside)) == set()


def test_how_many_rows_were_compared_is_told(search, admin):
    admin.execute("CREATE TABLE t (id int PRIMARY KEY, secret text, x text)")
    admin.execute(f"INSERT INTO t SELECT n, b32(32, n), CASE WHEN n < 4 THEN b32(32, n) END {ROWS}")
    admin.execute("UPDATE t SET secret = '' WHERE id > 30")

    found = search(FIELD)

    assert found.sampled == 30
    assert [(copy.rows, copy.sampled) for copy in found.copies] == [(3, 30)]


def test_a_history_too_large_to_read_is_said_so(search, admin, monkeypatch):
    monkeypatch.setattr("reseal.copies.elsewhere.MOST_PAGES_READ", 0)
    admin.execute(
        f"""CREATE TABLE t (id int PRIMARY KEY, secret text); CREATE TABLE t_old (secret text);
        INSERT INTO t SELECT n, b32(32, n) {ROWS}; INSERT INTO t_old SELECT 'nothing' || n {ROWS}"""
    )

    assert places(search(FIELD)) == {("t_old", "secret", None, "not looked at: too large")}


@pytest.mark.parametrize(
    ("text", "format_name"),
    [
        ("JBSWY3DPEHPK3PXP", "base32"),
        ("jbsw y3dp-ehpk 3pxp\n", "base32"),
        ("GEZDGNBVGY3TQOJQGEZDGNBVGY======", "base32"),
        ("48656C6C6F21DEADBEEF00", "hex"),
        ("otpauth://totp/x?issuer=y&secret=JBSWY3DPEHPK3PXP&digits=6", "otpauth"),
        ("not a secret at all", "text"),
        ("short", "text"),
    ],
)
def test_the_server_looks_for_the_same_forms_as_we_do(text, format_name, reading):
    forms = needles_sql(sql.SQL("v.t"), format_name, None)
    (found,) = reading.need("SELECT {f} FROM (VALUES ({t})) AS v (t)", f=forms, t=sql.Literal(text))

    assert sorted(found) == sorted(needles(text, format_name))


def test_base32_is_looked_for_as_the_bytes_it_stands_for():
    assert b32decode("JBSWY3DPEHPK3PXP").hex() in needles("JBSWY3DPEHPK3PXP", "base32")


@pytest.fixture
def check(access, admin):
    """The preflight check of the table `users`."""

    def look():
        plan = PreflightPlan(Mode.STANDARD, embedded=True)
        report = run_preflight(access, access.config.fields, plan)
        (found,) = [check for check in report.checks if check.name == "content: copies"]
        return found

    return look


def test_preflight_warns_of_copies_and_says_no_value(check, admin):
    admin.execute("ALTER TABLE users ADD otp_url text, ADD note text")
    insert = "INSERT INTO users (email, mfa_secret, otp_url, note) VALUES ('a', %s, %s, %s)"
    admin.execute(insert, [SENTINEL, f"otpauth://totp/a?secret={SENTINEL}", SENTINEL.lower()])

    found = check()

    assert found.verdict is Verdict.WARN
    assert found.value == f"note ({CONTAINS}), otp_url (otpauth uri, {CONTAINS})"
    assert "reseal.toml" in found.remedy
    assert SENTINEL.lower() not in str(found.as_dict()).lower()


def test_preflight_says_in_how_many_rows_it_found_none(check, admin):
    admin.execute(FUNCTIONS)
    admin.execute(f"INSERT INTO users (email, mfa_secret) SELECT n::text, b32(32, n) {ROWS}")

    assert (check().verdict, check().value) == (Verdict.OK, "none found in 40 sampled rows")
