"""Rows come in parts, one after the other or each while the server makes the next one."""

import traceback

import pytest

from reseal.errors import RowRefused
from reseal.store.connection import Connection
from reseal.store.store import Store
from tests.conftest import SENTINEL

NUMBERS = "SELECT n, n::text::bytea FROM generate_series(1, %s) AS n"
# The sixth of them cannot be cast, and the server would quote it.
TROUBLE = "SELECT CASE n WHEN 6 THEN %s ELSE n::text END::int FROM generate_series(1, 9) AS n"


@pytest.fixture
def bare(server):
    """A store where no table is needed."""
    with Connection.open(server, "test") as connection:
        yield Store(connection)


@pytest.mark.parametrize("rows", [0, 1, 4, 5, 23])
def test_both_ways_give_the_same(bare, rows):
    with bare.transaction():
        one_by_one = list(bare.in_parts(NUMBERS, 5, [rows]))
    with bare.transaction():
        assert list(bare.in_parts_ahead(NUMBERS, 5, [rows])) == one_by_one
    assert [n for part in one_by_one for n, _ in part] == list(range(1, rows + 1))


def test_after_one_that_is_left_in_the_midst_the_connection_serves_on(bare):
    with bare.transaction():
        for part in bare.in_parts_ahead(NUMBERS, 5, [100]):
            assert len(part) == 5
            break
    assert bare.need("SELECT 7") == (7,)


def test_what_is_refused_in_the_midst_shows_no_value(bare):
    taken = []
    with pytest.raises(RowRefused) as refused, bare.transaction():
        taken.extend(bare.in_parts_ahead(TROUBLE, 5, [SENTINEL]))
    assert len(taken) <= 1
    assert SENTINEL not in "".join(traceback.format_exception(refused.value))
    assert bare.need("SELECT 7") == (7,)
