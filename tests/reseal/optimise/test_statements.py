"""What applications ask and write is counted by pg_stat_statements, and weighed."""

from collections.abc import Iterator

import pytest

from reseal.config import Config
from reseal.optimise.columns import columns_of
from reseal.optimise.statements import asked
from reseal.optimise.traffic import Traffic, traffic_of
from tests.conftest import SENTINEL
from tests.reseal.optimise.conftest import LOGIN, Users
from tests.reseal.optimise.servers import counting, users_on

pytestmark = pytest.mark.slow

BY_EMAIL = "SELECT id, mfa_enabled FROM users WHERE lower(email) = %s AND mfa_enabled"


@pytest.fixture(scope="module")
def counting_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with counting(tmp_path_factory.mktemp("counting")) as url:
        yield url


@pytest.fixture
def users(counting_server: str, config: Config) -> Iterator[Users]:
    with users_on(counting_server, config, "pg_stat_statements", 20_000) as made:
        # What filled the table is no traffic.
        made.admin.execute("SELECT pg_stat_statements_reset()")
        yield made


def logs_in(users: Users, times: int) -> None:
    for number in range(times):
        users.admin.execute(BY_EMAIL, [f"user{number}@example.com"])


def test_what_applications_ask_is_found_with_its_calls(users: Users):
    logs_in(users, 40)

    made = users.optimised()

    (trial,) = made.trials
    assert (trial.source, trial.calls) == ("pg_stat_statements", 40)
    shown = "SELECT id, mfa_enabled FROM public.users WHERE lower(email) = $1 AND mfa_enabled"
    assert trial.query == shown
    assert made.kept, made.reason


def test_values_of_no_statement_are_kept(users: Users):
    users.admin.execute(f"SELECT id FROM users WHERE email = '{SENTINEL}'".encode())
    users.admin.execute(f"SELECT '{SENTINEL}' AS x FROM users WHERE id = 1".encode())
    users.admin.execute(f"COMMENT ON TABLE users IS '{SENTINEL}'".encode())

    assert SENTINEL not in str([users.optimised(), asked(users.store, users.target)])


def test_what_a_run_asks_itself_is_not_taken_for_what_applications_ask(users: Users):
    users.optimised()
    users.optimised(LOGIN)

    assert asked(users.store, users.target) == []


def test_a_configured_query_that_nobody_was_seen_to_ask_is_tried_as_well(users: Users):
    users.admin.execute("SELECT mfa_enabled FROM users WHERE id = 7")

    made = users.optimised(LOGIN)

    assert [trial.source for trial in made.trials] == ["pg_stat_statements", "[optimise] queries"]
    assert [trial.kept for trial in made.trials] == [False, True], made
    assert "rows up by their key" in made.trials[0].why


def test_an_index_that_is_written_far_more_often_than_read_is_not_kept(users: Users):
    logs_in(users, 1)
    users.admin.execute("UPDATE users SET email = email || '.org'")
    before = users.indexes()

    made = users.optimised()

    assert not made.kept
    assert "its writes cost" in made.reason
    assert users.indexes() == before


def test_writes_are_counted_by_the_columns_that_they_set(users: Users):
    users.admin.execute("UPDATE users SET last_login = now() WHERE id <= 30")
    users.admin.execute("UPDATE users SET email = 'x' WHERE id = 3")
    users.admin.execute("UPDATE users SET mfa_secret = NULL WHERE id <= 500")
    users.admin.execute("INSERT INTO users (email) VALUES ('a'), ('b')")

    found = traffic_of(users.store, users.target, columns_of(users.store, users.target))

    assert found.counted
    assert found.inserted == 2
    expected = {(frozenset({"last_login"}), 30.0), (frozenset({"email"}), 1.0)}
    assert set(found.updated) == expected
    assert found.indexes == 2


def test_without_the_extension_traffic_is_assumed(users: Users):
    users.admin.execute("DROP EXTENSION pg_stat_statements")
    try:
        found = traffic_of(users.store, users.target, columns_of(users.store, users.target))
        assert found == Traffic(indexes=2)
        assert users.optimised(LOGIN).kept
    finally:
        users.admin.execute("CREATE EXTENSION pg_stat_statements")


def test_a_role_that_may_not_read_what_others_ask_finds_nothing(users: Users):
    logs_in(users, 5)
    users.admin.execute("CREATE ROLE unprivileged; GRANT SELECT ON users TO unprivileged")
    try:
        users.store.execute("SET ROLE unprivileged")
        assert asked(users.store, users.target) == []
    finally:
        users.store.execute("RESET ROLE")
        users.admin.execute("DROP OWNED BY unprivileged; DROP ROLE unprivileged")
