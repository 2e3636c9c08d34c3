"""Only what is on the allow-list becomes a query, and nothing of its text is ever kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from reseal.errors import QueryRefused
from reseal.optimise.query import Condition, Holding, Operand, Query
from reseal.optimise.syntax import MOST_CHARACTERS, Written, parse_select, parse_write
from tests.conftest import SENTINEL

TABLE = sql.Identifier("public", "users")
EMAIL, LOWER = Operand("email"), Operand("email", "lower")
ENABLED = Condition("mfa_enabled", Holding.TRUE)

ACCEPTED = {
    "SELECT id, mfa_enabled FROM users WHERE lower(email) = $1 AND mfa_enabled":
        Query(("id", "mfa_enabled"), (LOWER,), (ENABLED,)),
    "select ID from Public.Users where (EMAIL = $1) and (not mfa_enabled);":
        Query(("id",), (EMAIL,), (Condition("mfa_enabled", Holding.FALSE),)),
    'SELECT u."id" AS who FROM public."users" AS u WHERE u.email = lower($1::varchar) LIMIT 21':
        Query(("id",), (EMAIL,), (), 21),
    'SELECT "users"."id" FROM "users" WHERE UPPER("users"."email"::text) = UPPER($1) LIMIT $2':
        Query(("id",), (Operand("email", "upper", as_text=True),), (), 1),
    "SELECT 1 AS a FROM users WHERE email = 'ada@example.com' AND tenant = -1 AND mfa_enabled = $1":
        Query((), (EMAIL, Operand("tenant"), Operand("mfa_enabled"))),
    "SELECT id FROM users WHERE $1 = email AND mfa_enabled = true AND locked IS FALSE":
        Query(("id",), (EMAIL,), (ENABLED, Condition("locked", Holding.IS_FALSE))),
    "SELECT id FROM users WHERE email = $1 AND gone IS NULL AND mfa_secret IS NOT NULL":
        Query(("id",), (EMAIL,), (Condition("gone", Holding.NULL),
                                  Condition("mfa_secret", Holding.NOT_NULL))),
    "/* login:42 */ SELECT id -- who\n FROM users WHERE email = $1":
        Query(("id",), (EMAIL,)),
}  # fmt: skip

REFUSED = {
    "": "not one statement",
    "SELECT": "where FROM is due",
    "SELEKT id FROM users WHERE email = $1": "",
    "SELECT id FROM users WHERE email = $1; DROP TABLE users": "not one statement",
    "DROP TABLE users": "DROP where SELECT is due",
    "UPDATE users SET mfa_enabled = false WHERE email = $1": "UPDATE where SELECT is due",
    "DELETE FROM users WHERE email = $1 RETURNING id": "DELETE where SELECT is due",
    "SELECT id FROM users": "nothing where WHERE is due",
    "SELECT id FROM users WHERE mfa_enabled": "no column with a parameter",
    "SELECT id FROM users WHERE email = $1 FOR UPDATE": "FOR UPDATE",
    "SELECT id INTO copies FROM users WHERE email = $1": "INTO",
    "SELECT DISTINCT id FROM users WHERE email = $1": "DISTINCT",
    "SELECT id FROM users WHERE email = $1 ORDER BY id": "ORDER BY",
    "SELECT id FROM users WHERE email = $1 OFFSET 3": "OFFSET",
    "SELECT id FROM users WHERE email = $1 GROUP BY id": "GROUP BY",
    "SELECT id FROM ONLY users WHERE email = $1": "ONLY",
    "SELECT id FROM users TABLESAMPLE SYSTEM (1) WHERE email = $1": "TABLESAMPLE",
    "SELECT u.id FROM users u JOIN devices d ON d.user_id = u.id WHERE u.email = $1": "a join",
    "SELECT id FROM users, devices WHERE email = $1": "a join",
    "WITH u AS (SELECT 1) SELECT id FROM users WHERE email = $1": "WITH",
    "SELECT id FROM users WHERE email = (SELECT $1)": "SUBQUERY",
    "SELECT (SELECT 1) FROM users WHERE email = $1": "",
    "SELECT id FROM (SELECT * FROM users) AS u WHERE email = $1": "SUBQUERY where TABLE is due",
    "SELECT id FROM pg_read_file('/etc/passwd') AS f WHERE email = $1": "",
    "SELECT id FROM users WHERE email = $1 UNION SELECT 1": "UNION where SELECT is due",
    "SELECT id FROM users WHERE email = $1 OR mfa_enabled": "",
    "SELECT id FROM users WHERE email LIKE $1": "",
    "SELECT id FROM users WHERE email > $1": "",
    "SELECT id FROM users WHERE email IN ($1, $2)": "",
    "SELECT id FROM users WHERE email = name": "COLUMN",
    "SELECT id FROM users WHERE pg_sleep(5) = $1": "",
    "SELECT pg_sleep(5) FROM users WHERE email = $1": "",
    "SELECT count(*) FROM users WHERE email = $1": "",
    "SELECT id FROM users WHERE email = pg_read_file($1)": "",
    "SELECT id FROM users WHERE lower(pg_sleep(1)) = $1": "",
    "SELECT id FROM users WHERE email = current_user": "",
    "SELECT id FROM users WHERE email::varchar(3) = $1": "",
    "SELECT id FROM users WHERE email::int = $1": "something else than text",
    "SELECT id FROM users WHERE others.email = $1": "another table",
    "SELECT id FROM users WHERE email = $1 AND mfa_enabled IS NOT TRUE": "NOT around",
    "SELECT id FROM users WHERE email = $1 AND NOT (mfa_enabled AND id = 1)": "",
    "SELECT id FROM other.public.users WHERE email = $1": "",
    "EXPLAIN ANALYZE SELECT id FROM users WHERE email = $1": "",
    "COPY users TO PROGRAM 'sh'": "",
    "SELECT id FROM users WHERE email = $1 LIMIT (SELECT 1)": "",
    "SELECT lo_import('/etc/passwd')": "",
    "SELECT id FROM users WHERE email = $1" + " " * MOST_CHARACTERS: "not one statement",
    "SELECT id FROM users WHERE " + "(" * 2000 + "email = $1" + ")" * 2000: "",
}


@pytest.mark.parametrize("text", ACCEPTED)
def test_a_login_query_is_taken_apart(text: str):
    parsed = parse_select(text)

    assert (parsed.table, parsed.schema in (None, "public")) == ("users", True)
    assert parsed.query == ACCEPTED[text]


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:60])
def test_whatever_else_it_has_it_is_refused(text: str):
    with pytest.raises(QueryRefused) as raised:
        parse_select(text)

    assert REFUSED[text] in str(raised.value)
    # What the parser says of it quotes the text.
    assert raised.value.__context__ is None


@pytest.mark.parametrize("star", ["*", "users.*", "id, *"])
def test_a_star_selects_all(star: str):
    assert parse_select(f"SELECT {star} FROM users WHERE email = $1").selects_all


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_is_spelled_anew_is_the_same_query(text: str):
    query = ACCEPTED[text]

    assert parse_select(query.shown(TABLE)).query == query


def test_names_that_need_quotes_keep_them():
    parsed = parse_select('SELECT "Id" FROM "Odd t.able" AS t WHERE lower(t."E""mail") = $1')
    table = sql.Identifier("public", parsed.table)

    assert parsed.query.lookups == (Operand('E"mail', "lower"),)
    shown = 'SELECT "Id" FROM public."Odd t.able" WHERE lower("E""mail") = $1'
    assert parsed.query.shown(table) == shown


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT id FROM users WHERE email = '{SENTINEL}'",
        f"SELECT '{SENTINEL}' FROM users WHERE email = $1",
        f"SELECT id FROM users WHERE email = $1 /* {SENTINEL} */",
    ],
)
def test_no_value_is_kept(text: str):
    parsed = parse_select(text)

    assert SENTINEL not in repr(parsed)
    assert SENTINEL not in parsed.query.shown(TABLE)


@given(st.text(st.sampled_from("SELECT id FROM users WHERE email=$1'\"();,.*-/:\n"), max_size=80))
def test_any_text_is_a_query_or_refused(text: str):
    try:
        seen = parse_select(text)
    except QueryRefused:
        return
    assert parse_select(seen.query.shown(TABLE)).query.lookups == seen.query.lookups


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("UPDATE users SET last_login = $1, visits = visits + $2 WHERE id = $3",
         Written(None, "users", frozenset({"last_login", "visits"}))),
        ('UPDATE public."users" AS u SET (email, name) = ($1, $2) WHERE u.id = $3',
         Written("public", "users", frozenset({"email", "name"}))),
        ("INSERT INTO users (email) VALUES ($1) RETURNING id", Written(None, "users", None)),
        ("INSERT INTO users VALUES ($1)", Written(None, "users", None)),
    ],
)  # fmt: skip
def test_what_is_written_is_told_by_its_columns(text: str, written: Written):
    assert parse_write(text) == written


@pytest.mark.parametrize("text", ["SELECT 1", "DELETE FROM users", "x"])
def test_what_writes_no_column_is_no_write(text: str):
    with pytest.raises(QueryRefused):
        parse_write(text)
