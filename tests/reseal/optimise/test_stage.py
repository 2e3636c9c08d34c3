"""An index is built beside the application, measured, and stays only where it helps."""

import threading
from time import sleep

import psycopg
import pytest

from psycopg import sql

from reseal.errors import QueryRefused, StoreError
from reseal.optimise import build
from reseal.optimise.columns import columns_of
from reseal.optimise.found import need_columns, need_queries
from reseal.optimise.plan import measure
from reseal.optimise.query import Operand, Query
from reseal.optimise.result import Optimisation
from reseal.patience import Patience
from tests.reseal.optimise.conftest import LOGIN, Users

WRITES = """
CREATE TABLE seen ();
CREATE FUNCTION note() RETURNS boolean LANGUAGE sql
AS 'INSERT INTO seen DEFAULT VALUES RETURNING true';
CREATE VIEW writing AS SELECT id, email FROM users WHERE note()
"""
COVERING = "(lower(email)) INCLUDE (id, mfa_enabled, email) WHERE mfa_enabled"
WITH_SECRET = "SELECT id, mfa_secret FROM users WHERE lower(email) = $1 LIMIT 1"
OWN = """
SELECT pid FROM pg_stat_activity WHERE query ~ '^CREATE INDEX CONCURRENTLY'
AND datname = current_database() AND wait_event_type = 'Lock'
"""


def ours(users: Users) -> list[str]:
    return [name for name in users.indexes() if name.startswith("reseal_")]


def test_what_no_index_served_is_answered_by_a_covering_one(users: Users):
    made = users.optimised(LOGIN)

    assert made.kept, made.reason
    assert made.before
    assert made.after
    assert (made.before.node, made.after.node) == ("Seq Scan", "Index Only Scan")
    assert made.after.index == made.index
    assert made.after.pages <= 3 < 100 < made.before.pages
    assert made.index
    assert users.indexes()[made.index].endswith(
        "(lower(email)) INCLUDE (id, mfa_enabled, email) WHERE mfa_enabled"
    )
    (trial,) = made.trials
    assert (trial.query, trial.source) == (
        "SELECT id, mfa_enabled FROM public.users WHERE lower(email) = $1 AND mfa_enabled",
        "[optimise] queries",
    )
    assert trial.definition == COVERING


def test_no_value_of_any_row_is_shown(users: Users):
    shown = str([users.optimised(LOGIN, dry_run=True), users.optimised(LOGIN)])

    assert "example.com" not in shown.lower()
    assert "SECRET" not in shown


def test_an_index_that_does_not_help_is_built_and_not_kept(users: Users):
    users.admin.execute("ALTER TABLE users ADD plan text NOT NULL DEFAULT 'free'")
    before = users.indexes()

    made = users.optimised("SELECT id, email FROM users WHERE plan = $1")

    assert (made.kept, made.reason) == (False, "the planner does not take it")
    assert made.index
    assert made.after
    assert users.indexes() == before


def test_an_index_that_spares_too_little_is_not_kept(users: Users):
    users.admin.execute("ALTER TABLE users ADD half int NOT NULL DEFAULT 0")
    users.admin.execute("UPDATE users SET half = id % 2")
    users.admin.execute("CREATE INDEX by_half ON users (half) INCLUDE (id, mfa_enabled)")
    before = users.indexes()

    made = users.optimised("SELECT id, mfa_enabled FROM users WHERE half = $1")

    assert not made.kept, made.reason
    assert users.indexes() == before


def test_a_query_of_the_secret_gets_an_index_without_it(users: Users):
    made = users.optimised(WITH_SECRET)

    assert made.kept, made.reason
    assert made.index
    definition = users.indexes()[made.index]
    assert definition.endswith("(lower(email))")
    assert "mfa_secret" not in definition


def test_the_secret_of_another_field_is_in_no_index_either(users: Users):
    asked = "SELECT id, last_login FROM users WHERE lower(email) = $1"

    made = users.optimised(asked, secret=frozenset({"last_login"}))

    assert made.kept, made.reason
    assert "last_login" not in users.indexes()[made.index or ""]


def test_nothing_that_is_asked_can_write(users: Users):
    users.admin.execute(WRITES)
    query, value = Query(("id",), (Operand("email"),)), "User7@Example.com"

    with pytest.raises(StoreError, match="read-only transaction"):
        measure(users.store, sql.Identifier("writing"), query, [(value,)])

    # So it would have been, had it been let.
    users.admin.execute("SELECT id FROM writing WHERE email = %s", [value])
    assert users.admin.execute("SELECT count(*) FROM seen").fetchone() == (1,)


def test_a_row_is_never_looked_up_by_its_secret(users: Users):
    made = users.optimised("SELECT id FROM users WHERE mfa_secret = $1", LOGIN)

    assert made.kept
    assert "looks a row up by the secret" in made.trials[-1].why
    assert made.trials[-1].query == "query 1 in [optimise]"


def test_queries_of_one_key_share_an_index(users: Users):
    made = users.optimised(LOGIN, WITH_SECRET)

    assert [trial.kept for trial in made.trials] == [True, True], made
    assert len({trial.index for trial in made.trials}) == len(ours(users)) == 1


def test_what_stands_is_not_built_again(users: Users):
    first = users.optimised(LOGIN)

    again = users.optimised(LOGIN)

    assert (again.index, again.kept, again.reason) == (
        first.index, True, "it stands since an earlier run",
    )  # fmt: skip
    assert again.after is None
    assert ours(users) == [first.index]


def test_a_dry_run_builds_nothing_and_says_what_would_be_tried(users: Users):
    before = users.indexes()

    made = users.optimised(LOGIN, dry_run=True)

    assert (made.kept, made.after) == (False, None)
    assert made.before
    (trial,) = made.trials
    assert trial.definition == COVERING
    assert trial.why == "it would be built and measured"
    assert users.indexes() == before


def test_what_a_killed_build_has_left_is_taken_away_and_nothing_of_others(users: Users):
    users.admin.execute("CREATE INDEX reseal_users_lower_email_0badc0de ON users (lower(email))")
    users.admin.execute("CREATE INDEX theirs ON users (upper(email))")
    users.admin.execute(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid IN "
        "('theirs'::regclass, 'reseal_users_lower_email_0badc0de'::regclass)"
    )

    made = users.optimised(LOGIN)

    assert made.leftovers == ("reseal_users_lower_email_0badc0de",)
    assert made.kept, made.reason
    assert ours(users) == [made.index]
    assert "theirs" in users.indexes()


def test_a_build_that_is_cut_off_leaves_nothing(users: Users, database: str):
    holding, ended = threading.Event(), threading.Event()

    def hold() -> None:
        # A transaction that has written, for whose end every build waits.
        with psycopg.connect(database) as connection:
            connection.execute("UPDATE users SET last_login = now() WHERE id = 1")
            holding.set()
            ended.wait(60)

    def cut() -> None:
        for _ in range(3000):
            row = users.admin.execute(OWN).fetchone()
            if row:
                users.admin.execute("SELECT pg_cancel_backend(%s)", row)
                break
            sleep(0.02)
        ended.set()

    threads = [threading.Thread(target=work, daemon=True) for work in (hold, cut)]
    threads[0].start()
    assert holding.wait(60)
    threads[1].start()
    made = users.optimised(LOGIN)
    for thread in threads:
        thread.join(60)

    assert not made.kept
    assert made.failed == ("the database said: canceling statement due to user request (57014)",)
    assert ours(users) == []


def test_who_may_not_build_is_told_and_leaves_nothing(users: Users):
    users.admin.execute("CREATE ROLE reader_only; GRANT SELECT ON users TO reader_only")
    try:
        users.store.execute("SET ROLE reader_only")
        made = users.optimised(LOGIN)
    finally:
        users.store.execute("RESET ROLE")
        users.admin.execute("DROP OWNED BY reader_only; DROP ROLE reader_only")

    assert not made.kept
    assert made.failed
    assert "must be owner of table users" in made.reason
    assert ours(users) == []


def test_what_cannot_be_judged_is_not_kept(users: Users, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(build, "is_valid", lambda *_: False)

    made = users.optimised(LOGIN)

    assert "was built but is not valid" in made.reason
    assert made.failed
    assert ours(users) == []


def test_where_no_row_is_such_as_it_looks_for_nothing_is_built(users: Users):
    users.admin.execute("UPDATE users SET mfa_enabled = false")

    made = users.optimised(LOGIN)

    assert (made.index, made.reason) == (None, "no row is such as it looks for")


def test_a_table_without_a_login_query_is_left_alone(users: Users):
    users.admin.execute("ALTER TABLE users DROP COLUMN mfa_enabled")

    assert users.optimised() == Optimisation(None, False, "no login column with a flag was found")


def test_the_application_goes_on_while_an_index_is_built(users: Users, database: str):
    stop, written = threading.Event(), 0

    def write() -> None:
        nonlocal written
        with psycopg.connect(database, autocommit=True) as connection:
            while not stop.is_set():
                connection.execute("UPDATE users SET last_login = now() WHERE id = 7")
                written += 1

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    users.patience = Patience(tries=2, sleep=lambda _: None)
    made = users.optimised(LOGIN)
    stop.set()
    writer.join(60)

    assert made.failed == ()
    assert written > 0
    assert users.admin.execute("SELECT bool_and(indisvalid) FROM pg_index").fetchone() == (True,)


NOT_RUN = {
    "SELECT id FROM users WHERE email = $1 FOR UPDATE": "query 2 in [optimise] is not run: it has",
    "SELECT id FROM elsewhere WHERE email = $1": "query 2 in [optimise] is of no field's table",
    "SELECT id FROM other.users WHERE email = $1": "is of no field's table",
}


@pytest.mark.parametrize("text", NOT_RUN)
def test_a_configured_query_that_is_not_run_is_named(users: Users, text: str):
    with pytest.raises(QueryRefused) as raised:
        need_queries(users.config.fields, [LOGIN, text])

    assert NOT_RUN[text] in str(raised.value)


def test_a_configured_query_of_a_column_that_is_not_there_is_named(users: Users):
    columns = columns_of(users.store, users.target)
    asked = [LOGIN, "SELECT id FROM users WHERE nick = $1"]

    with pytest.raises(QueryRefused, match=r"query 2 in \[optimise\] is not run: it has a column"):
        need_columns(users.target, columns, asked)
    made = users.optimised(*asked)
    assert [trial.kept for trial in made.trials] == [True, False]


def test_names_that_need_quotes_and_percent_signs_are_no_trouble(users: Users):
    users.admin.execute('ALTER TABLE users RENAME email TO "E%mail ""s"')

    made = users.optimised('SELECT id FROM users WHERE lower("E%mail ""s") = $1 AND mfa_enabled')

    assert made.kept, made.reason
    assert made.index in users.indexes()
    assert made.index.startswith("reseal_users_lower_E_mail__s_")
