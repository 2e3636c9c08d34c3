"""Reseal's own schema: made once, by whoever comes first, and open to nobody else."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from reseal.errors import RowRefused
from reseal.store import schema
from reseal.store.store import Store


@pytest.fixture
def bare(access):
    """A store in a database that has no schema of ours yet."""
    opened = access.store("bare")
    yield opened
    opened.close()


def test_every_migration_is_applied_once_and_in_order(bare, admin):
    assert not schema.exists(bare)

    first = schema.migrate(bare)
    assert first == sorted(first)
    assert first[0] == "0001_spine.sql"
    assert schema.exists(bare)
    assert schema.migrate(bare) == []
    rows = admin.execute("SELECT name FROM reseal.migration ORDER BY applied").fetchall()
    assert [name for (name,) in rows] == first


def test_two_processes_that_begin_together_migrate_once(access):
    stores = [access.store("one"), access.store("other")]
    with ThreadPoolExecutor() as threads:
        done = list(threads.map(schema.migrate, stores))
    for opened in stores:
        opened.close()

    assert sorted(map(bool, done)) == [False, True]


def test_a_migration_that_fails_leaves_nothing_behind(bare, admin):
    admin.execute("CREATE SCHEMA reseal; CREATE TABLE reseal.batch (in_the_way int)")

    with pytest.raises(Exception, match="42P07"):
        schema.migrate(bare)
    assert not schema.exists(bare)
    assert admin.execute("SELECT to_regclass('reseal.data_key')").fetchone() == (None,)


@pytest.mark.parametrize("name", ["vault", "MixedCase", "select", "a$b"])
def test_the_schema_may_have_any_plain_name(bare, name):
    store = Store(bare.connection, name)

    assert schema.migrate(store) != []
    assert schema.exists(store)
    assert not schema.exists(bare)


def test_two_schemas_in_one_database_are_apart(access, bare):
    schema.migrate(bare)
    other = replace(access, config=replace(access.config, schema="other")).store("other")

    assert schema.migrate(other) != []
    other.close()


def test_nothing_is_granted_to_the_public(store, admin):
    admin.execute("CREATE ROLE nobody_at_all LOGIN")
    try:
        rights = admin.execute(
            "SELECT has_schema_privilege('nobody_at_all', 'reseal', 'USAGE'), count(*) FILTER ("
            " WHERE has_table_privilege('nobody_at_all', c.oid, 'SELECT, INSERT, UPDATE, DELETE'))"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE nspname = 'reseal' AND relkind IN ('r', 'p')"
        ).fetchone()
    finally:
        admin.execute("DROP ROLE nobody_at_all")

    assert rights == (False, 0)


def test_a_batch_whose_counts_do_not_add_up_cannot_be_recorded(store):
    with pytest.raises(RowRefused, match="23514"):
        store.execute(
            "INSERT INTO {reseal}.batch (run_id, field, epoch, turn, pass, first_page, after_page,"
            " rows_read, changed, moved, locked, settled, empty, quarantined, left_alone)"
            " VALUES (gen_random_uuid(), 'f', 1, 'seal', 1, 0, 1, 5, 1, 1, 1, 1, 0, 0, 0)"
        )


def test_what_the_migrations_have_made_is_what_is_missed(bare, admin):
    schema.migrate(bare)
    assert schema.missing_tables(bare) == []

    tables = "SELECT relname FROM pg_class WHERE relnamespace = 'reseal'::regnamespace"
    made = {name for (name,) in admin.execute(f"{tables} AND relkind = 'r'")} - {"migration"}
    for name in made:
        admin.execute(f"DROP TABLE reseal.{name} CASCADE")
    assert schema.missing_tables(bare) == sorted(made)
