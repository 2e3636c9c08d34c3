"""What a table takes on disk is asked of the server, all heaps together."""

import pytest

from reseal.storage import measure
from tests.reseal.scene import SEED

PARTITIONED = """
CREATE TABLE t (id int PRIMARY KEY, secret text) PARTITION BY RANGE (id);
CREATE TABLE t_low PARTITION OF t FOR VALUES FROM (0) TO (100);
CREATE TABLE t_high PARTITION OF t FOR VALUES FROM (100) TO (1000);
INSERT INTO t SELECT n, 'JBSWY3DPEHPK3PXP' FROM generate_series(1, 199) n;
"""


def test_heap_indexes_and_toast_are_told_apart(scene):
    scene.enrol(*[SEED] * 200)

    measured = measure(scene.store, scene.target, scene.census())

    assert measured.rows == 200
    assert measured.heap_bytes % 8192 == 0
    assert measured.heap_bytes >= 200 * 40
    assert measured.index_bytes > 0
    assert measured.toast_bytes > 0
    assert set(measured.as_dict()) == {"rows", "heap_bytes", "index_bytes", "toast_bytes"}


def test_all_partitions_count(scene):
    scene.admin.execute(PARTITIONED)
    parted = scene.described(table="t", column="secret")

    measured = measure(parted.store, parted.target, parted.census())

    assert measured.rows == 199
    assert measured.heap_bytes == 2 * 8192


@pytest.mark.parametrize(("analysed", "rows"), [(True, 60), (False, 20)])
def test_rows_of_others_in_the_table_count_as_the_catalog_has_them(scene, analysed, rows):
    scene.enrol(*[SEED] * 60)
    if analysed:
        scene.admin.execute("ANALYZE users")
    some = scene.described(where="id <= 20")

    assert measure(some.store, some.target, some.census()).rows == rows
