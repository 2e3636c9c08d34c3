"""The storage efficiency of real tables: what is measured, and what is estimated for want of it."""

from dataclasses import replace
from time import sleep

import psycopg
import pytest

from reseal.config import parse_config
from reseal.scores.score import Score
from reseal.scores.take import take_scores
from tests.conftest import USERS_FIELD
from tests.reseal.scene import SEED, Scene
from tests.reseal.scores.readings import term

NAME = "users.mfa_secret"
PARTITIONED = """
CREATE TABLE t (id int PRIMARY KEY, secret text) PARTITION BY RANGE (id);
CREATE TABLE t_low PARTITION OF t FOR VALUES FROM (0) TO (1000);
CREATE TABLE t_high PARTITION OF t FOR VALUES FROM (1000) TO (9000);
INSERT INTO t SELECT n, repeat('x', 196) FROM generate_series(1, 3999) n;
"""


def storage(scene: Scene) -> Score:
    return take_scores(scene.access, scene.store, [NAME], {}).storage


def fill(admin: psycopg.Connection, rows: int, secret: str = "x" * 196) -> None:
    admin.execute(
        "INSERT INTO users (email, mfa_secret) SELECT n || '@example.com', %s"
        " FROM generate_series(1, %s) AS n",
        [secret, rows],
    )
    admin.execute("VACUUM (ANALYZE) users")


def test_a_table_that_was_just_filled_is_hardly_bloated_and_half_of_it_gone_is(scene):
    fill(scene.admin, 4000)
    full = storage(scene)
    scene.admin.execute("DELETE FROM users WHERE id % 2 = 0")
    scene.admin.execute("VACUUM (ANALYZE) users")
    half = storage(scene)

    for name in ("bloat", "bytes a row"):
        assert term(full, name).points == term(full, name).most, term(full, name).sentence
        assert 0 < term(half, name).points < term(half, name).most / 2 + 1, term(half, name)


def test_pgstattuple_measures_where_it_stands(scene):
    fill(scene.admin, 4000)
    known = "SELECT FROM pg_available_extensions WHERE name = 'pgstattuple'"
    if scene.admin.execute(known).fetchone() is None:
        pytest.skip("this server has no pgstattuple")
    estimated = term(storage(scene), "bloat")
    scene.admin.execute("CREATE EXTENSION pgstattuple")
    measured = term(storage(scene), "bloat")

    assert "estimated by a sample of rows" in estimated.sentence
    assert "measured by pgstattuple_approx" in measured.sentence
    assert measured.points == estimated.points == 25


def test_partitions_are_one_table(scene):
    scene.admin.execute(PARTITIONED)
    parted = scene.described(name=NAME, table="t", column="secret")

    score = storage(parted)

    assert term(score, "bytes a row").value != "unknown"
    assert term(score, "bloat").points == 25, term(score, "bloat").sentence
    assert term(score, "index bytes").points == 25


def test_a_table_of_two_fields_counts_once(scene):
    fill(scene.admin, 4000)
    scene.admin.execute("CREATE INDEX by_login ON users (last_login)")
    second = {"name": "again", "table": "users", "column": "mfa_secret", "where": "id <= 9"}
    config = parse_config({"field": [USERS_FIELD, second]})
    access = replace(scene.access, config=config)

    one = take_scores(access, scene.store, [NAME], {})
    both = take_scores(access, scene.store, [NAME, "again"], {})

    assert both.storage == one.storage
    assert [advice.what for advice in both.advice] == ["drop the unused index by_login"]


def test_of_a_field_of_some_rows_the_catalog_tells_how_many_the_table_has(scene):
    fill(scene.admin, 4000)
    some = scene.described(where="id <= 9")

    assert term(storage(some), "bytes a row") == term(storage(scene), "bytes a row")


def test_updates_of_a_sweep_are_not_held_against_the_application(scene):
    fill(scene.admin, 1000, SEED)
    scene.sweep()
    swept = term(settled(scene), "HOT updates")
    scene.admin.execute("UPDATE users SET mfa_enabled = true WHERE id <= 100")
    scene.admin.execute("SELECT pg_stat_force_next_flush()")
    scene.admin.execute("SELECT")
    updated = term(settled(scene), "HOT updates")

    assert (swept.value, swept.points) == ("unknown", 0)
    assert "runs have, 1,000 times" in swept.sentence
    assert "of 100 updates of applications" in updated.sentence


def settled(scene: Scene) -> Score:
    """The score once the server has been told what the sessions of the sweep did."""
    for _ in range(100):
        counted = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'users'"
        if scene.admin.execute(counted).fetchone() >= (1000,):  # type: ignore[operator]
            break
        sleep(0.05)
    return storage(scene)
