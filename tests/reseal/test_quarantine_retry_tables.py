"""Quarantined rows are found by their key and tried again in every kind of table."""

import pytest

from reseal.quarantine.judgement import Fate
from reseal.sweep.turn import Turn
from tests.reseal.retrying import fates, retry
from tests.reseal.scene import SEED

NEW = "NEWSECRET2345672"
TABLES = {
    "two parts": ("a text, b int, s text, PRIMARY KEY (a, b)", [("x,y", 7, "?"), ("x", 8, SEED)],
                  {"column": "s"}, ("x,y", "7")),
    "a document": ("id int PRIMARY KEY, s jsonb", [(1, '{"t": 5}'), (2, f'{{"t": "{SEED}"}}')],
                   {"column": "s", "path": "t"}, ("1",)),
    "kept aside": ("id int PRIMARY KEY, s varchar(30)", [(1, "?"), (2, SEED)],
                   {"column": "s", "store": "side"}, ("1",)),
    "an uuid": ("id uuid PRIMARY KEY, s text",
                [("11111111-1111-4111-8111-111111111111", "?")], {"column": "s"},
                ("11111111-1111-4111-8111-111111111111",)),
    "a condition that names a column of ours": (
        "id int PRIMARY KEY, class text, s text", [(1, "totp", "?"), (2, "sms", "?")],
        {"column": "s", "where": "class = 'totp'"}, ("1",)),
}  # fmt: skip
MEND = "UPDATE t SET s = CASE WHEN {doc} THEN '{{\"t\": \"{new}\"}}' ELSE '{new}' END::{kind}"


@pytest.mark.parametrize(("columns", "rows", "words", "key"), TABLES.values(), ids=TABLES)
def test_rows_are_found_by_their_key_in_every_table(scene, columns, rows, words, key):
    scene = scene.table(columns, rows, **words)
    assert scene.sweep_heaps().quarantined == 1
    assert [row.key for row in scene.records()] == [key]
    is_document = "path" in words
    statement = MEND.format(doc=is_document, new=NEW, kind="jsonb" if is_document else "text")
    scene.admin.execute(f"{statement} WHERE s::text IN ('?', '{{\"t\": 5}}')".encode())

    assert fates(retry(scene)) == {"/".join(key): Fate.SEALED}
    assert scene.records() == []
    assert scene.again().sweep_heaps(Turn.UNSEAL).checked()
    assert NEW in str(scene.texts())


def test_rows_are_found_in_their_partition(scene):
    scene.admin.execute(
        "CREATE TABLE t (id int PRIMARY KEY, s text) PARTITION BY RANGE (id);"
        "CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);"
        "CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM (10) TO (20);"
        "INSERT INTO t VALUES (1, '?'), (11, '?'), (12, '?')"
    )
    scene = scene.described(table="t", column="s")
    scene.sweep_heaps()
    scene.admin.execute("UPDATE t SET s = %s WHERE id > 1", [NEW])

    assert fates(retry(scene)) == {"1": Fate.LEFT, "11": Fate.SEALED, "12": Fate.SEALED}
    assert [row.key for row in scene.records()] == [("1",)]
