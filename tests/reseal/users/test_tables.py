"""Tables that are not like the usual one, or not what was said of them."""

import asyncio

import pytest
from psycopg_pool import AsyncConnectionPool

from reseal import AsyncUsers, AsyncVault
from reseal.config import parse_config
from reseal.errors import (
    FieldError,
    KeyringError,
    PlaintextRefused,
    RowRefused,
    StoreError,
)
from reseal.steps import transaction
from reseal.store.store import Statement
from tests.conftest import SENTINEL, USERS_FIELD
from tests.reseal.key_scene import KeyScene
from tests.reseal.users.said import ADA, INSERT, NOW, code


def test_a_column_that_must_not_be_null_holds_what_means_no_secret(
    store, connect, enrolled, stored, admin
):
    admin.execute("ALTER TABLE users ALTER mfa_secret SET NOT NULL")
    enrolled()
    users = connect()

    users.by_email(ADA).disable_mfa()
    assert stored() == ""
    assert not users.by_email(ADA).verify_mfa_token(code())


def test_a_table_with_other_names_a_key_of_two_parts_and_no_flag(store, connect, admin):
    admin.execute(
        'CREATE TABLE "People %" (org int, "no" uuid, "E-Mail" text, "the %s" text, '
        'PRIMARY KEY (org, "no"))'
    )
    number = "11111111-2222-3333-4444-555555555555"
    admin.execute('INSERT INTO "People %%" VALUES (7, %s, %s, %s)', [number, ADA, SENTINEL])
    entry = {"name": "people", "table": "People %", "column": "the %s", "where": "org % 2 = 1"}
    users = connect(parse_config({"field": [entry]}), field="people", email="E-Mail", enabled=None)

    ada = users.by_email(ADA)
    assert (str(ada.id[1]), ada.mfa_enabled) == (number, None)
    assert ada.enable_mfa(code())
    assert users.by_id(ada.id).verify_mfa_token(code(at=NOW + 30))
    with pytest.raises(FieldError, match="the key of field 'people' has 2 parts"):
        users.by_id(7)


def test_an_envelope_that_is_kept_aside(store, connect, enrolled, stored, scene):
    fields = parse_config({"field": [{**USERS_FIELD, "store": "side"}]})
    enrolled()
    users = connect(fields)
    ada = users.by_email(ADA)

    assert ada.verify_mfa_token(code())
    assert len(stored()) == 16
    assert not ada.rotate_encryption_key()
    KeyScene(scene).next_key()
    users._vault.core._looked = -1e9
    assert ada.rotate_encryption_key()
    assert ada.verify_mfa_token(code(at=NOW + 30))


def test_before_the_first_run_all_is_as_it_was_and_a_code_still_counts_once(
    connect, enrolled, stored, admin
):
    enrolled()
    ada = connect().by_email(ADA)

    assert ada.verify_mfa_token(code())
    assert not ada.verify_mfa_token(code())
    secret = ada.generate_mfa_secret()
    assert stored() == secret
    assert ada.verify_mfa_token(code(secret))
    with pytest.raises(KeyringError, match="no data key yet"):
        ada.rotate_encryption_key()
    ada.disable_mfa()
    assert stored() is None


def test_the_policy_refuses_plaintext_coming_and_going(store, connect, enrolled):
    enrolled()
    ada = connect(vault={"plaintext": "refuse"}).by_email(ADA)

    with pytest.raises(PlaintextRefused):
        ada.verify_mfa_token(code())


def test_where_plaintext_is_refused_none_is_written_before_there_is_a_key(
    connect, enrolled, stored
):
    enrolled(secret=None)

    with pytest.raises(KeyringError):
        connect(vault={"plaintext": "refuse"}).by_email(ADA).generate_mfa_secret()
    assert stored() is None


@pytest.mark.parametrize(
    ("words", "change", "said"),
    [
        ({"email": "mail"}, "", "table public.users has no column 'mail'"),
        ({"enabled": "is_on"}, "", "table public.users has no column 'is_on'"),
        ({"field": "users.other"}, "", "there is no field 'users.other'"),
        ({}, "ALTER TABLE users DROP CONSTRAINT users_pkey", "has no primary key"),
        ({}, "ALTER TABLE users DROP CONSTRAINT users_email_key", "2 rows of public.users"),
    ],
)
def test_a_table_that_is_not_as_said_is_one_sentence(
    store, connect, admin, enrolled, words, change, said
):
    enrolled()
    if change:
        admin.execute(change)
    if "email" in change:
        enrolled()

    with pytest.raises(FieldError, match=said) as caught:
        connect(**words).by_email(ADA)
    assert SENTINEL not in str(caught.value)


def test_a_leaf_of_documents_is_no_column_of_users(store, connect):
    fields = parse_config({"field": [{**USERS_FIELD, "path": "totp"}]})

    with pytest.raises(FieldError, match="Users needs a column"):
        connect(fields).by_email(ADA)


def test_in_the_applications_own_transaction_all_of_it_or_nothing(on_pool):
    with on_pool(1) as (users, pool), pool.connection() as connection:
        connection.execute(INSERT, [ADA, False, None])
        ada = users.on(connection).by_email(ADA)
        secret = ada.generate_mfa_secret()
        assert ada.enable_mfa(code(secret))
        connection.rollback()
        assert users.on(connection).by_email(ADA) is None


@pytest.mark.parametrize("policy", ["allow", "refuse"])
def test_where_no_envelope_fits_yet_a_secret_stands_as_it_did_unless_that_is_refused(
    store, connect, enrolled, stored, admin, policy, caplog
):
    admin.execute("ALTER TABLE users ALTER mfa_secret TYPE varchar(80)")
    enrolled()
    ada = connect(vault={"plaintext": policy}).by_email(ADA)

    if policy == "refuse":
        with pytest.raises(RowRefused):
            ada.generate_mfa_secret()
        assert stored() == SENTINEL
        return
    assert ada.verify_mfa_token(code())
    secret = ada.generate_mfa_secret()
    assert stored() == secret
    assert ada.verify_mfa_token(code(secret))
    assert secret not in caplog.text


def test_in_a_transaction_of_asyncio_all_of_it_or_nothing(store, database, config, access, clock):
    async def test():
        async with AsyncConnectionPool(database, min_size=1, max_size=1, open=False) as pool:
            vault = await AsyncVault.connect(pool, config, access.kek(), beats=None)
            users = AsyncUsers(pool, vault, clock=clock)
            async with pool.connection() as connection:
                await connection.execute(INSERT, [ADA, False, None])
                ada = await users.on(connection).by_email(ADA)
                assert ada
                secret = await ada.generate_mfa_secret()
                assert await ada.enable_mfa(code(secret))
                with pytest.raises(StoreError):
                    await users.on(connection).do(failing())
                assert await ada.verify_mfa_token(code(secret, NOW + 30))
                await connection.rollback()
                assert await users.on(connection).by_email(ADA) is None

    asyncio.run(test())


def failing():
    """A step that the database refuses; what came before it in the transaction stands."""
    yield transaction(Statement("SELECT 1 / 0"))


def test_a_column_that_a_primary_key_only_includes_is_no_part_of_it(
    store, connect, enrolled, admin
):
    admin.execute("ALTER TABLE users DROP CONSTRAINT users_pkey")
    admin.execute("ALTER TABLE users ADD PRIMARY KEY (id) INCLUDE (email)")
    number = enrolled()
    users = connect()

    assert users.by_id(number).verify_mfa_token(code())
    assert users.by_email(ADA).id == number
