"""Which row keys a vault takes: what is bound is what a sweep reads."""

from uuid import UUID

import pytest

from reseal.config import parse_config
from reseal.errors import FieldError
from tests.conftest import SENTINEL, USERS_FIELD

FIELD = "users.mfa_secret"


@pytest.mark.parametrize("key", [7, "seven", UUID(int=7), (7, "a"), (UUID(int=7), 1)])
def test_keys_of_every_kind_are_bound(store, connect, key):
    # A table of another database, of whose keys nothing is known here.
    vault = connect(parse_config({"field": [{**USERS_FIELD, "table": "elsewhere"}]}))

    assert vault.read(FIELD, key, vault.seal(FIELD, key, SENTINEL)).reveal() == SENTINEL


@pytest.mark.parametrize(
    ("column", "key", "said"),
    [
        ("bigint", "42", "give int, not str"),
        ("bigint", UUID(int=7), "give int, not UUID"),
        ("bigint", (42, 1), "it has 1 parts, not 2"),
        ("uuid", str(UUID(int=7)), "give UUID, not str"),
        ("text", 42, "give str, not int"),
        ("date", 42, "give str, not int"),
    ],
)
def test_a_key_of_another_type_than_the_tables_is_refused_before_anything_is_sealed(
    store, connect, admin, column, key, said
):
    admin.execute(f'CREATE TABLE "my users" (id {column} PRIMARY KEY, mfa_secret text)')
    vault = connect(parse_config({"field": [{**USERS_FIELD, "table": "my users"}]}))

    for work in (vault.seal, vault.read):
        with pytest.raises(FieldError, match=f"not as in its table: {said}"):
            work(FIELD, key, SENTINEL)


@pytest.mark.parametrize("key", [True, 1.5, None, (1, b"x")])
def test_a_key_that_no_sweep_binds_is_refused(store, connect, key):
    with pytest.raises(FieldError, match="int, str or UUID"):
        connect().seal(FIELD, key, SENTINEL)


def test_a_key_must_have_as_many_parts_as_the_field_says(store, connect):
    vault = connect(parse_config({"field": [USERS_FIELD | {"key": ["tenant", "id"]}]}))

    with pytest.raises(FieldError, match="2 parts"):
        vault.seal(FIELD, 1, SENTINEL)


def test_a_column_that_a_primary_key_only_includes_is_no_part_of_it(store, connect, admin):
    admin.execute(
        'CREATE TABLE "my users" (id bigint, email text, mfa_secret text, '
        "PRIMARY KEY (id) INCLUDE (email))"
    )
    vault = connect(parse_config({"field": [{**USERS_FIELD, "table": "my users"}]}))

    assert vault.read(FIELD, 7, vault.seal(FIELD, 7, SENTINEL)).reveal() == SENTINEL
