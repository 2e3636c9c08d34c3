"""A fillfactor is advised where applications' updates write every index for want of room."""

from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given

from reseal.advice.fillfactor import LEAST_UPDATES, advise, proposed
from reseal.store.heap import Heap
from reseal.store.heap_statistics import TOAST_TARGET, HeapStatistics

BUSY = HeapStatistics(
    heap=Heap(1, "public", "users", 1000, 30_000),
    heap_bytes=8_192_000,
    index_bytes=4_000_000,
    toast_bytes=8192,
    outside_bytes=0,
    fillfactor=100,
    toast_target=TOAST_TARGET,
    live=30_000,
    dead=100,
    updated=100_000,
    hot=20_000,
    moved=70_000,
)
ROW = 264.0


def test_the_advice_has_the_numbers_and_the_statement_and_is_of_the_heap():
    found = advise(BUSY, ROW, swept=30_000)

    assert found is not None
    assert found.table == "public.users"
    assert found.statement == 'ALTER TABLE "public"."users" SET (fillfactor = 90);'
    for said in ("Of 70,000 updates", "at least 50,000", "n_tup_upd 100,000", "70,000 updates",
                 "264 bytes", "grows by 11%"):  # fmt: skip
        assert said in found.why


@pytest.mark.parametrize(
    ("reason", "better", "swept"),
    [
        ("few updates", {"updated": LEAST_UPDATES - 1, "hot": 0, "moved": 900}, 0),
        ("nearly all are HOT", {"hot": 95_000, "moved": 5000}, 0),
        ("Reseal wrote all of them", {}, 100_000),
        ("what is not HOT may all be Reseal's", {}, 80_000),
        ("an indexed column is updated", {"moved": 1000}, 0),
        ("there is room", {"fillfactor": 80}, 0),
    ],
)
def test_there_is_none_where(reason, better, swept):
    assert advise(replace(BUSY, **better), ROW, swept) is None


def test_where_the_server_does_not_count_missing_room_the_advice_says_so():
    found = advise(replace(BUSY, moved=None), ROW, swept=0)

    assert found is not None
    assert "does not count" in found.why


@pytest.mark.parametrize(("row_bytes", "value"), [(40, 90), (264, 90), (700, 80), (4000, 50)])
def test_wider_rows_need_more_room(row_bytes, value):
    assert proposed(row_bytes) == value


@given(st.floats(28, 8160))
def test_a_fillfactor_is_one_that_the_server_takes_and_leaves_room_for_a_row(row_bytes):
    value = proposed(row_bytes)

    assert 50 <= value <= 90
    assert value % 5 == 0
    assert (100 - value) / 100 * 8168 >= min(row_bytes, 4000)


@given(st.integers(0, 200_000), st.integers(0, 200_000))
def test_more_of_reseals_own_writes_never_make_an_advice(swept, more):
    if advise(BUSY, ROW, swept) is None:
        assert advise(BUSY, ROW, swept + more) is None
