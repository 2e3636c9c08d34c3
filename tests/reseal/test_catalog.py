"""What the catalog says of a field's table, and which tables are refused with a reason."""

import pytest

from reseal.errors import FieldError
from reseal.store.column import Column
from tests.reseal.scene import SEED


def column(type_name: str) -> Column:
    return Column("k", type_name, "pg_catalog", None, not_null=True)


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        ("id int PRIMARY KEY, s text", ["id"]),
        ("b int, a int, s text, PRIMARY KEY (a, b)", ["a", "b"]),
        ("id int, email text, s text, PRIMARY KEY (id) INCLUDE (email)", ["id"]),
        ('"Id" uuid PRIMARY KEY, s varchar(300)', ["Id"]),
    ],
)
def test_the_key_is_the_primary_key_in_its_own_order(scene, columns, key):
    scene = scene.table(columns, [], column="s")

    assert [part.name for part in scene.target.key] == key


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        ("a int UNIQUE NOT NULL, s text", ["a"]),
        ("a int NOT NULL, b int NOT NULL, s text, UNIQUE (a, b)", ["b", "a"]),
        ("id int PRIMARY KEY, a int NOT NULL, b int, s text, UNIQUE (a) INCLUDE (b)", ["a"]),
    ],
)
def test_a_unique_key_serves_as_well(scene, columns, key):
    scene = scene.table(columns, [], column="s", key=key)

    assert [part.name for part in scene.target.key] == key


@pytest.mark.parametrize(
    ("arrange", "words", "says"),
    [
        ("", {"table": "none"}, "there is no table public.none"),
        ("", {"table": "nowhere.t"}, "there is no table nowhere.t"),
        ("", {"column": "none"}, "public.t has no column 'none'"),
        ("", {"column": "id"}, "column 'id' is int4, of which no value can become an envelope"),
        ("ALTER TABLE t ALTER s TYPE jsonb USING NULL", {}, "is jsonb; say with path = "),
        ("ALTER TABLE t ALTER s TYPE text[] USING NULL", {}, "is _text; say with path = "),
        ("ALTER TABLE t ALTER s TYPE xml USING NULL", {}, "is xml, of which no value can"),
        ("ALTER TABLE t ALTER s TYPE bytea USING NULL", {"path": "a"}, "bytea, in which path"),
        ("", {"format": "bytes"}, 'is text; format = "bytes" is for bytea'),
        ("ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (id, s)", {}, "is part of the key"),
        ("ALTER TABLE t DROP s, ADD r text", {}, "has no column 's'"),
        ("ALTER TABLE t DROP CONSTRAINT t_pkey", {}, "has no primary key; name a unique key"),
        ("CREATE VIEW v AS SELECT * FROM t", {"table": "v"}, "public.v is a view; name the table"),
        (
            "CREATE TABLE p (id int PRIMARY KEY, s text) PARTITION BY LIST (id);"
            "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
            {"table": "p1"},
            "public.p1 is a partition; name p, of which it holds only some of the rows",
        ),
        ("", {"key": ["none"]}, "there is no key column 'none'"),
        ("", {"key": ["a"]}, "no unique index covers key = ['a']"),
        ("CREATE UNIQUE INDEX ON t (a)", {"key": ["a"]}, "key column 'a' may be NULL"),
        (
            "CREATE UNIQUE INDEX ON t (n) WHERE n > 0",
            {"key": ["n"]},
            "no unique index covers key = ['n']",
        ),
        (
            "CREATE UNIQUE INDEX ON t (n, lower(s))",
            {"key": ["n"]},
            "no unique index covers key = ['n']",
        ),
        ("CREATE UNIQUE INDEX ON t (n, id)", {"key": ["n"]}, "no unique index covers key = ['n']"),
        ("CREATE INDEX ON t (n)", {"key": ["n"]}, "no unique index covers key = ['n']"),
    ],
)
def test_what_cannot_be_swept_is_refused_with_the_reason(scene, arrange, words, says):
    scene = scene.table(
        "id int PRIMARY KEY, a int, n int NOT NULL, s text", [], **{"column": "s"} | words
    )
    scene.admin.execute(arrange.encode())

    with pytest.raises(FieldError) as caught:
        _ = scene.target
    assert str(caught.value).startswith("field 'users.mfa_secret': ")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("type_name", "limit"), [("text", None), ("varchar(64)", 64), ("varchar", None)]
)
def test_a_limit_of_length_is_told(scene, type_name, limit):
    scene = scene.table(f"id int PRIMARY KEY, s {type_name} NOT NULL", [], column="s")

    assert scene.target.column.limit == limit
    assert scene.target.column.not_null


def test_names_that_need_quotes_are_quoted(scene):
    scene.admin.execute('CREATE SCHEMA "my app"')
    scene.admin.execute(
        'CREATE TABLE "my app"."2fa Secret" ("order" int PRIMARY KEY, "say ""x""" text)'
    )
    scene.admin.execute("""INSERT INTO "my app"."2fa Secret" VALUES (1, %s)""", [SEED])
    scene = scene.described(table="my app.2fa Secret", column='say "x"')

    assert scene.sweep().changed == 1
    assert scene.opened() == {1: SEED}


@pytest.mark.parametrize(
    ("type_name", "part", "spelled"),
    [
        ("int8", -5, "-5"),
        ("text", "a,b", "\\x612c62"),
        ("text", "", "\\x"),
        ("varchar", "é", "\\xc3a9"),
    ],
)
def test_a_key_part_is_spelled_without_a_comma(type_name, part, spelled):
    assert column(type_name).spell(part) == spelled


def test_the_size_is_the_catalog_s_estimate(scene):
    assert (scene.target.pages, scene.target.rows_per_page) == (0, 50.0)
    scene.admin.execute("INSERT INTO users (email) SELECT i::text FROM generate_series(1, 2000) i")
    scene.admin.execute("ANALYZE users")

    target = scene.target
    assert target.rows == 2000
    assert target.pages * target.rows_per_page == pytest.approx(2000)
