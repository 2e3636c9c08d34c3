"""The database role of an application: what it is granted suffices, and there is nothing more."""

import psycopg
import pytest
from psycopg import sql
from psycopg_pool import ConnectionPool

from reseal import Users, Vault, totp
from reseal.config import parse_config
from reseal.errors import ConfigurationError, StoreError
from reseal.store import data_key, schema
from tests.conftest import SENTINEL, USERS_FIELD

ROLE = "reseal app"
FIELD = "users.mfa_secret"
TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'reseal'::regnamespace AND relkind IN ('r', 'p')
"""


@pytest.fixture
def role(admin):
    """A role that may read and write the users and knows of nothing else."""
    name = sql.Identifier(ROLE)
    admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(name))
    admin.execute(sql.SQL("CREATE ROLE {}").format(name))
    admin.execute(sql.SQL("GRANT SELECT, INSERT, UPDATE ON users TO {}").format(name))
    yield ROLE
    admin.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(name))


@pytest.fixture
def pool(database, role):
    def become(connection):
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        connection.commit()

    with ConnectionPool(database, min_size=1, max_size=2, configure=become) as opened:
        yield opened


@pytest.fixture
def prepared(access, role):
    """A schema that a runner has made for this role, with a key."""
    opened = access.store("test")
    schema.migrate(opened, role)
    data_key.ensure_active(opened, access.kek(), "test")
    yield opened
    opened.close()


@pytest.mark.parametrize("store_word", ["column", "side"])
def test_an_application_of_that_role_does_all_that_it_has_to(
    prepared, pool, access, admin, store_word
):
    admin.execute("INSERT INTO users (email, mfa_secret) VALUES ('ada', %s)", [SENTINEL])
    config = parse_config({"field": [{**USERS_FIELD, "store": store_word}]})
    vault = Vault.connect(pool, config, access.kek(), beats=None)
    user = Users(pool, vault, clock=lambda: 1e9).by_email("ada")
    assert user

    assert user.verify_mfa_token(totp.code(vault.read(FIELD, 1, SENTINEL), "base32", 1e9))
    assert admin.execute("SELECT mfa_secret FROM users").fetchone() != (SENTINEL,)
    user.generate_mfa_secret()
    user.enable_mfa()
    assert vault.heartbeat()
    vault.close()


def test_it_may_look_into_nothing_else(prepared, pool, admin):
    for (table,) in admin.execute(TABLES).fetchall():
        with pool.connection() as connection:
            query = sql.SQL("SELECT * FROM reseal.{}").format(sql.Identifier(table))
            if table in ("aside", "key_use", "reader", "totp_use"):
                connection.execute(query)
                continue
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(query)
            connection.rollback()


def test_a_role_that_is_not_there_is_one_sentence_and_nothing_is_made(access, admin):
    opened = access.store("test")

    with pytest.raises(ConfigurationError, match="there is no database role 'nobody'"):
        schema.migrate(opened, "nobody")
    assert not schema.exists(opened)
    opened.close()


def test_without_it_an_application_of_another_role_is_told_what_it_lacks(
    store, pool, access, config
):
    with pytest.raises(StoreError) as caught:
        Vault.connect(pool, config, access.kek(), beats=None)

    assert "permission denied for schema reseal" in str(caught.value)
