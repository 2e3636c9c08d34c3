"""An index is built beside the application, measured, and stays only where it helps."""

import pytest
from psycopg import sql

from reseal.errors import StoreError
from reseal.optimise.plan import measure
from reseal.optimise.query import Operand, Query
from reseal.optimise.result import Optimisation
from tests.reseal.optimise.conftest import LOGIN, Users

WRITES = """
CREATE TABLE seen ();
CREATE FUNCTION note() RETURNS boolean LANGUAGE sql
AS 'INSERT INTO seen DEFAULT VALUES RETURNING true';
CREATE VIEW writing AS SELECT id, email FROM users WHERE note()
"""
COVERING = "(lower(email)) INCLUDE (id, mfa_enabled, email) WHERE mfa_enabled"
WITH_SECRET = "SELECT id, mfa_secret FROM users WHERE lower(email) = $1 LIMIT 1"


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
    assert len({trial.index for trial in made.trials}) == len(users.ours()) == 1


def test_what_stands_is_not_built_again(users: Users):
    first = users.optimised(LOGIN)

    again = users.optimised(LOGIN)

    assert (again.index, again.kept, again.reason) == (
        first.index, True, "it stands since an earlier run",
    )  # fmt: skip
    assert again.after is None
    assert users.ours() == [first.index]


def test_an_index_of_ours_that_does_not_find_the_row_is_not_taken_for_the_one_it_needs(
    users: Users,
):
    users.admin.execute("ALTER TABLE users ADD nick text")
    users.admin.execute("UPDATE users SET nick = 'nick' || id")
    users.admin.execute("VACUUM ANALYZE users")
    users.admin.execute(
        "CREATE INDEX reseal_users_other ON users (id) INCLUDE (nick) WHERE mfa_enabled"
    )

    made = users.optimised("SELECT id FROM users WHERE nick = $1 AND mfa_enabled")

    assert made.before
    assert made.before.index == "reseal_users_other"
    assert made.kept, made.reason
    assert made.index != "reseal_users_other"


def test_a_dry_run_builds_nothing_and_says_what_would_be_tried(users: Users):
    before = users.indexes()

    made = users.optimised(LOGIN, dry_run=True)

    assert (made.kept, made.after) == (False, None)
    assert made.before
    (trial,) = made.trials
    assert trial.definition == COVERING
    assert trial.why == "it would be built and measured"
    assert users.indexes() == before


def test_where_no_row_is_such_as_it_looks_for_nothing_is_built(users: Users):
    users.admin.execute("UPDATE users SET mfa_enabled = false")

    made = users.optimised(LOGIN)

    assert (made.index, made.reason) == (None, "no row is such as it looks for")


def test_a_table_without_a_login_query_is_left_alone(users: Users):
    users.admin.execute("ALTER TABLE users DROP COLUMN mfa_enabled")

    assert users.optimised() == Optimisation(None, False, "no login column with a flag was found")


def test_names_that_need_quotes_and_percent_signs_are_no_trouble(users: Users):
    users.admin.execute('ALTER TABLE users RENAME email TO "E%mail ""s"')

    made = users.optimised('SELECT id FROM users WHERE lower("E%mail ""s") = $1 AND mfa_enabled')

    assert made.kept, made.reason
    assert made.index in users.indexes()
    assert made.index.startswith("reseal_users_lower_E_mail__s_")
