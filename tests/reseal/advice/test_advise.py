"""Advice on real tables: what would spare space or writes is told, and nothing is done."""

from collections.abc import Callable

import pytest

from reseal.advice import Advice, advise
from reseal.advice.unused import LEAST_PAGES
from tests.conftest import SENTINEL
from tests.reseal.scene import Scene

# Wide enough for the table to have more pages than the least.
ROWS = """
INSERT INTO users (email, mfa_secret)
SELECT n || '@example.com', 'SENTINEL' || repeat('x', 188) FROM generate_series(1, 2000) AS n
"""
CATALOGS = ("pg_class", "pg_index", "pg_attribute", "pg_constraint")
# Without the counters that the server keeps by itself.
ROWS_OF = """
SELECT array_agg((to_jsonb(t) - ARRAY['relpages', 'reltuples', 'relallvisible', 'relallfrozen',
                                      'relfrozenxid', 'relminmxid'])::text ORDER BY t::text)
FROM CATALOG AS t
"""
# The server counts what a session did when that has been idle, or was told so.
FLUSH = ("SELECT pg_stat_force_next_flush()", "SELECT")


@pytest.fixture
def given(scene: Scene) -> Callable[..., dict[str, Advice]]:
    """The advice on the table after some SQL, by what it says to do."""

    def advice(*statements: str) -> dict[str, Advice]:
        for statement in (ROWS, *statements, "ANALYZE users"):
            scene.admin.execute(statement.encode())
        before = _state(scene)
        found = advise(scene.store, scene.target)
        assert _state(scene) == before
        assert SENTINEL[:8] not in str(found)
        return {one.what: one for one in found}

    return advice


def _state(scene: Scene) -> list[object]:
    return [
        scene.admin.execute(ROWS_OF.replace("CATALOG", name).encode()).fetchone()
        for name in CATALOGS
    ]


def test_a_table_with_what_it_needs_gets_no_advice(given):
    assert given() == {}


def test_an_index_that_nobody_used_is_told_with_what_it_takes(given):
    found = given("CREATE INDEX by_login ON users (last_login)")

    (one,) = found.values()
    assert one.what == "drop the unused index by_login"
    assert one.statement == 'DROP INDEX CONCURRENTLY "public"."by_login";'
    assert one.table == "public.users"
    for said in ("0 times since", "KB", "each replica by hand"):
        assert said in one.why


def test_an_index_that_was_used_is_not_told(given):
    found = given(
        "CREATE INDEX by_login ON users (last_login)",
        "SET enable_seqscan = off",
        "SELECT FROM users WHERE last_login = now()",
        *FLUSH,
    )

    assert found == {}


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE UNIQUE INDEX once ON users (last_login)",
        "ALTER TABLE users ADD CONSTRAINT once UNIQUE (last_login)",
        "ALTER TABLE users ADD CONSTRAINT once EXCLUDE (last_login WITH =)",
        "CREATE UNIQUE INDEX once ON users (id, email);"
        "ALTER TABLE users REPLICA IDENTITY USING INDEX once",
    ],
)
def test_what_keeps_something_unique_or_is_needed_otherwise_is_not_called_unused(given, statement):
    assert not any(what.startswith("drop the unused") for what in given(statement))


def test_of_a_small_table_no_index_is_called_unused(scene):
    scene.enrol("JBSWY3DPEHPK3PXP")
    scene.admin.execute("CREATE INDEX by_login ON users (last_login)")

    assert scene.target.pages < LEAST_PAGES
    assert advise(scene.store, scene.target) == ()


DUPLICATES = [
    ("CREATE INDEX a ON users (email)", "a, a duplicate of users_email_key", "is the same"),
    (
        "CREATE INDEX a ON users (last_login); CREATE INDEX b ON users (last_login, email)",
        "a, a duplicate of b",
        "begins with the same columns",
    ),
    (
        "CREATE INDEX a ON users (last_login);CREATE INDEX b ON users (last_login) INCLUDE (email)",
        "a, a duplicate of b",
        "has all that is in it",
    ),
    (
        "CREATE INDEX a ON users (lower(email)) WHERE mfa_enabled;"
        "CREATE INDEX b ON users (lower(email), id) WHERE mfa_enabled",
        "a, a duplicate of b",
        "same operator classes and predicate",
    ),
    (
        "CREATE INDEX a ON users USING hash (email); CREATE INDEX b ON users USING hash (email)",
        "b, a duplicate of a",
        "is the same",
    ),
]


@pytest.mark.parametrize(("statement", "what", "says"), DUPLICATES)
def test_an_index_that_another_one_covers_is_told_with_that_one(given, statement, what, says):
    found = given(statement)

    duplicates = {name: one for name, one in found.items() if "duplicate" in name}
    assert set(duplicates) == {f"drop the index {what}"}
    (one,) = duplicates.values()
    assert says in one.why
    assert one.statement == f'DROP INDEX CONCURRENTLY "public"."{what[0]}";'


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX a ON users (last_login); CREATE INDEX b ON users (email, last_login)",
        "CREATE INDEX a ON users (last_login); CREATE INDEX b ON users (last_login DESC, email)",
        "CREATE INDEX a ON users (lower(email) text_pattern_ops);"
        "CREATE INDEX b ON users (lower(email), id)",
        'CREATE INDEX a ON users (lower(email) COLLATE "C");CREATE INDEX b ON users (lower(email))',
        "CREATE INDEX a ON users (last_login);"
        "CREATE INDEX b ON users (last_login, email) WHERE mfa_enabled",
        "CREATE INDEX a ON users (last_login) INCLUDE (mfa_enabled);"
        "CREATE INDEX b ON users (last_login, email)",
        "CREATE INDEX a ON users USING hash (last_login);CREATE INDEX b ON users (last_login, id)",
        "CREATE UNIQUE INDEX a ON users (last_login);CREATE INDEX b ON users (last_login, email)",
    ],
)
def test_what_is_not_the_same_is_no_duplicate(given, statement):
    assert not any("duplicate" in what for what in given(statement))


@pytest.mark.parametrize(
    ("statement", "drop"),
    [
        ("CREATE INDEX a ON users (mfa_secret)", 'DROP INDEX CONCURRENTLY "public"."a";'),
        ("CREATE INDEX a ON users (id) INCLUDE (mfa_secret)",
         'DROP INDEX CONCURRENTLY "public"."a";'),
        ("CREATE UNIQUE INDEX a ON users (mfa_secret, id)",
         'DROP INDEX CONCURRENTLY "public"."a";'),
        ("ALTER TABLE users ADD CONSTRAINT a UNIQUE (mfa_secret, id)",
         'ALTER TABLE "public"."users" DROP CONSTRAINT "a";'),
    ],
)  # fmt: skip
def test_an_index_over_the_secret_only_costs(given, statement, drop):
    found = given(statement)

    one = found["drop the index a, which has the secret in it"]
    assert one.statement == drop
    assert "An envelope is random" in one.why
    assert "no such update is HOT" in one.why


def test_an_index_that_only_names_the_secret_is_to_be_replaced(given):
    found = given("CREATE INDEX a ON users (last_login) WHERE mfa_secret IS NOT NULL")

    one = found["replace the index a, which names the secret"]
    assert "mfa_enabled" in one.why
    assert set(found) == {one.what}


def test_rows_so_wide_that_toast_acts_keep_the_envelope_in_the_row(given):
    found = given(
        "ALTER TABLE users ADD COLUMN photo bytea",
        # Random, so that it cannot be compressed.
        "UPDATE users SET photo = (SELECT string_agg(sha256((n || '.' || id)::bytea), '')"
        " FROM generate_series(1, 100) AS n)",
    )

    one = found["SET STORAGE MAIN on mfa_secret"]
    column = 'ALTER TABLE "public"."users" ALTER COLUMN "mfa_secret"'
    assert one.statement == f"{column} SET STORAGE MAIN;"
    assert "196 characters" in one.why


def test_rows_that_stay_wide_are_not_compressed_in_vain(given):
    found = given(
        *[f"ALTER TABLE users ADD COLUMN wide{n} char(140) DEFAULT 'x'" for n in range(16)],
        *[f"ALTER TABLE users ALTER COLUMN wide{n} SET STORAGE PLAIN" for n in range(16)],
        "UPDATE users SET last_login = now()",
    )

    assert "SET STORAGE EXTERNAL on mfa_secret" in found


def test_updates_of_the_application_that_found_no_room_are_told_on_the_heap(given):
    found = given("UPDATE users SET last_login = now()", *FLUSH)

    one = found["set fillfactor to 90"]
    assert one.statement == 'ALTER TABLE "public"."users" SET (fillfactor = 90);'
    assert "Of 2,000 updates" in one.why


def test_the_sweep_alone_is_no_reason_for_a_fillfactor(scene):
    scene.enrol(*["JBSWY3DPEHPK3PXP"] * 2000)
    scene.sweep()
    scene.admin.execute("SELECT pg_stat_force_next_flush()")

    assert [one.what for one in advise(scene.store, scene.target)] == []


PARTITIONED = """
CREATE TABLE t (id int, secret text, seen date, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE t_low PARTITION OF t FOR VALUES FROM (0) TO (1000);
CREATE TABLE t_high PARTITION OF t FOR VALUES FROM (1000) TO (9000);
INSERT INTO t SELECT n, repeat('x', 196) FROM generate_series(1, 3999) n;
"""


@pytest.fixture
def parted(scene: Scene) -> Scene:
    scene.admin.execute(PARTITIONED)
    return scene.described(table="t", column="secret")


def test_of_partitions_the_index_of_their_parent_is_named_once(parted):
    parted.admin.execute("CREATE INDEX by_day ON t (seen); CREATE INDEX pair ON t (seen, id)")

    found = {one.what: one.statement for one in advise(parted.store, parted.target)}

    assert found == {
        "drop the index by_day, a duplicate of pair": 'DROP INDEX "public"."by_day";',
        "drop the unused index pair": 'DROP INDEX "public"."pair";',
    }


def test_an_index_of_the_parent_that_is_a_duplicate_in_one_partition_only_is_none(parted):
    parted.admin.execute("CREATE INDEX by_day ON t (seen); CREATE INDEX pair ON t_low (seen, id)")

    assert not any("duplicate" in one.what for one in advise(parted.store, parted.target))


def test_an_index_over_the_secret_of_one_partition_is_named_there(parted):
    parted.admin.execute("CREATE INDEX over_it ON t_high (secret)")

    (one,) = advise(parted.store, parted.target)
    assert one.statement == 'DROP INDEX CONCURRENTLY "public"."over_it";'
