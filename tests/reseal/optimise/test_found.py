"""A configured query that is not run is named before anything happens."""

import pytest

from reseal.errors import QueryRefused
from reseal.optimise.columns import columns_of
from reseal.optimise.found import need_columns, need_queries
from tests.reseal.optimise.conftest import LOGIN, Users

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
