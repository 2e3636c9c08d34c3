"""Another storage is advised only where rows are so wide that TOAST acts, and by how they are."""

from dataclasses import replace

import pytest

from reseal.advice.toast import Stored, advise
from reseal.store.heap import Heap
from reseal.store.heap_statistics import TOAST_TARGET, HeapStatistics

ROWS = 1000
WIDE = HeapStatistics(
    heap=Heap(1, "public", "users", 40, ROWS),
    heap_bytes=40 * 8192,
    index_bytes=0,
    toast_bytes=4000 * ROWS,
    outside_bytes=4000 * ROWS,
    fillfactor=100,
    toast_target=TOAST_TARGET,
    live=ROWS,
    dead=0,
    updated=0,
    hot=0,
    moved=0,
)
EXTENDED = Stored("x", "p", knows_lz4=True)


@pytest.fixture
def target(scene):
    return scene.target


@pytest.fixture
def document(scene):
    scene.admin.execute("CREATE TABLE t (id int PRIMARY KEY, data jsonb)")
    return scene.described(table="t", column="data", path="secret").target


@pytest.mark.parametrize(
    ("row_bytes", "how", "word"),
    [
        (300, EXTENDED, "STORAGE MAIN"),
        (300, Stored("m", "p", knows_lz4=True), None),
        (300, Stored("e", "p", knows_lz4=True), None),
        (3000, EXTENDED, "STORAGE EXTERNAL"),
        (3000, Stored("m", "l", knows_lz4=True), "STORAGE EXTERNAL"),
        (3000, Stored("e", "p", knows_lz4=True), None),
        (3000, Stored("p", "p", knows_lz4=True), None),
    ],
)
def test_a_secret_in_a_wide_row_is_stored_so_that_it_is_not_compressed(
    target, row_bytes, how, word
):
    found = advise(target, WIDE, row_bytes, how)

    assert (found.what if found else None) == (word and f"SET {word} on mfa_secret")


@pytest.mark.parametrize(
    ("how", "is_told"),
    [
        (EXTENDED, True),
        (Stored("x", "p", knows_lz4=False), False),
        (Stored("x", "l", knows_lz4=True), False),
    ],
)
def test_a_wide_document_is_compressed_by_what_gives_up_sooner(document, how, is_told):
    found = advise(document, WIDE, 300, how)

    assert bool(found) == is_told
    if found:
        column = 'ALTER TABLE "public"."users" ALTER COLUMN "data"'
        assert found.statement == f"{column} SET COMPRESSION lz4;"


def test_a_row_below_the_threshold_gets_no_advice(target):
    narrow = replace(WIDE, outside_bytes=0)

    assert advise(target, narrow, TOAST_TARGET, EXTENDED) is None
    assert advise(target, replace(narrow, toast_target=128), 300, EXTENDED) is not None


def test_a_mark_in_place_of_an_envelope_is_nothing_to_compress(scene):
    aside = scene.described(store="side").target

    assert advise(aside, WIDE, 3000, EXTENDED) is None
