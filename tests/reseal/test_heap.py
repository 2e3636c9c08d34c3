"""Partitions and heirs: every heap is swept, each by its own pages, none twice."""

import pytest

from reseal.errors import FieldError, RowRefused
from reseal.guard import raise_guard
from reseal.prepare import prepare
from reseal.restore import Restoration
from reseal.sweep.turn import Turn
from tests.reseal.scene import SEED

PARTITIONED = """
CREATE TABLE t (id int, day int, s varchar(16), PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE old (s varchar(16), gone int, day int NOT NULL, id int NOT NULL);
ALTER TABLE old DROP gone;
ALTER TABLE t ATTACH PARTITION old FOR VALUES FROM (0) TO (10);
CREATE TABLE new PARTITION OF t FOR VALUES FROM (10) TO (20) PARTITION BY LIST (id);
CREATE TABLE new_few PARTITION OF new FOR VALUES IN (11, 12, 13);
CREATE TABLE new_rest PARTITION OF new DEFAULT;
CREATE INDEX by_secret ON t (s);
INSERT INTO t SELECT i, i % 20, 'JBSWY3DPEHPK3PXP' FROM generate_series(1, 200) i
"""

INHERITED = """
CREATE TABLE t (id int PRIMARY KEY, s varchar(20));
CREATE TABLE child (extra text, PRIMARY KEY (id)) INHERITS (t);
CREATE INDEX by_secret ON child (s);
INSERT INTO t SELECT i, 'JBSWY3DPEHPK3PXP' FROM generate_series(1, 50) i;
INSERT INTO child SELECT i, 'JBSWY3DPEHPK3PXP', 'x' FROM generate_series(51, 120) i
"""


@pytest.fixture(params=[PARTITIONED, INHERITED], ids=["partitioned", "inherited"])
def tree(request, scene):
    for statement in request.param.split(";"):
        scene.admin.execute(statement.encode())
    return scene.described(table="t", column="s")


def test_every_heap_is_a_part_of_the_target(tree):
    heaps = [heap.table for heap in tree.target.heaps]

    assert heaps in (["new_few", "new_rest", "old"], ["child", "t"])
    assert tree.target.has_heirs is ("child" in heaps)
    assert len(tree.target.oids) == len(heaps) + tree.target.is_partitioned


def test_every_row_is_sealed_once_and_resealed_and_put_back(tree):
    before = tree.texts()
    prepare(tree.store, tree.target)
    tree.take_backup()

    tally = tree.sweep_heaps()
    assert (tally.rows_read, tally.changed) == (len(before), len(before))
    assert tree.sweep_heaps().settled == len(before)
    assert set(tree.opened().values()) == {SEED}

    tree.activate_next_key()
    assert tree.sweep_heaps(Turn.RESEAL).changed == len(before)
    assert tree.census().sealed == {2: len(before)}

    restoration = Restoration.of(tree.store, tree.backup())
    assert tree.again().sweep_heaps(Turn.UNSEAL, restoration.plan).changed == len(before)
    assert tree.texts() == before


def test_preparing_widens_the_column_everywhere_and_drops_the_index(tree):
    assert tree.target.column.limit is not None

    done = prepare(tree.store, tree.target)

    assert done.widened
    assert len(done.dropped_indexes) == 1
    limits = tree.admin.execute(
        "SELECT DISTINCT atttypmod FROM pg_attribute WHERE attname = 's' AND attrelid = ANY (%s)",
        [[heap.oid for heap in tree.target.heaps]],
    ).fetchall()
    assert limits == [(-1,)]


def test_the_guard_reaches_every_heap(tree):
    prepare(tree.store, tree.target)
    tree.sweep_heaps()
    raise_guard(tree.store, tree.target)

    for table in [heap.name for heap in tree.target.heaps]:
        with pytest.raises(RowRefused, match="23514"):
            tree.store.execute("UPDATE {table} SET s = 'JBSWY3DPEHPK3PXP'", table=table)


def test_the_checkpoint_says_which_heap(tree):
    prepare(tree.store, tree.target)
    tree.sweep_heaps()

    rows = tree.admin.execute(
        "SELECT heap, sum(changed)::int FROM reseal.batch GROUP BY 1"
    ).fetchall()
    assert dict(rows).keys() == {f"public.{heap.table}" for heap in tree.target.heaps}
    assert sum(count for _, count in rows) == len(tree.texts())


def test_a_foreign_partition_is_refused(scene):
    scene.admin.execute("CREATE EXTENSION file_fdw")
    scene.admin.execute("CREATE SERVER files FOREIGN DATA WRAPPER file_fdw")
    scene.admin.execute("CREATE TABLE t (id int, s text) PARTITION BY LIST (id)")
    scene.admin.execute(
        "CREATE FOREIGN TABLE far PARTITION OF t FOR VALUES IN (1) SERVER files"
        " OPTIONS (filename '/dev/null')"
    )

    with pytest.raises(FieldError, match=r"public.far, a part of public.t, is a foreign table"):
        _ = scene.described(table="t", column="s", key=["id"]).target
