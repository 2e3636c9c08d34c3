"""What reseal.toml says about login queries, and which columns no index may hold."""

from typing import Any

import pytest

from reseal.config import parse_config
from reseal.errors import ConfigurationError
from tests.conftest import USERS_FIELD as ONE


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"query": []}, "unknown word 'query' in [optimise]; known: queries"),
        ({"queries": "SELECT 1"}, "queries in [optimise] must be a list"),
        ({"queries": [1]}, "queries in [optimise] must be a list of strings"),
    ],
)
def test_a_fault_in_the_words_on_login_queries_is_named(said: dict[str, Any], says: str):
    with pytest.raises(ConfigurationError) as caught:
        parse_config({"optimise": said, "field": [ONE]})

    assert says in str(caught.value)


def test_no_query_is_configured_unless_one_is():
    assert parse_config({"field": [ONE]}).optimise.queries == ()
    assert parse_config({"optimise": {"queries": ["a"]}, "field": [ONE]}).optimise.queries == ("a",)


def test_fields_on_the_same_table_share_what_no_index_may_hold():
    other = {"name": "users.recovery", "table": "users", "column": "recovery"}
    config = parse_config({"field": [ONE, other, ONE | {"name": "x", "table": "other.users"}]})

    assert config.secret_columns("users.mfa_secret") == {"mfa_secret", "recovery"}
    assert config.secret_columns("x") == {"mfa_secret"}
