"""The server makes the same new text of the pieces as Python does of the parts."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from reseal.document import SPLICE, escaped, leaves, pieces
from reseal.path import Path
from tests.reseal.splicing import spliced


@pytest.mark.parametrize("parts", [[(2, 1, "")], [(-1, 1, "")], [(1, 9, "")], [(2, 3, "")] * 2])
def test_parts_that_are_no_splice_are_refused(parts):
    with pytest.raises(ValueError, match="in order"):
        pieces(3, parts)


on_a_server = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
storable = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@on_a_server
@given(storable, st.lists(storable, max_size=4), st.data())
def test_the_server_splices_a_text_as_python_does(store, text, news, data):
    edges = st.lists(st.integers(0, len(text)), min_size=2 * len(news), max_size=2 * len(news))
    cut = iter(sorted(data.draw(edges)))
    parts = [(start, end, new) for start, end, new in zip(cut, cut, news, strict=True)]

    places = {"cell": sql.SQL("%s::text"), "pieces": sql.Placeholder()}
    (made,) = store.need("SELECT " + SPLICE, [text, pieces(len(text), parts)], **places)
    assert made == spliced(text, parts)


def replacement(leaf):
    new = "é😀" if leaf.is_string else '"é😀"'
    return leaf.start, leaf.end, escaped(new, leaf.depth)


TRICKY = (
    r'{"é😀": [1e40, "東\ud83d\ude00", {"type": "totp", "secret": "😀\/", '
    r'"inner": "{\"k\": \"é\\n😀\\ud83d\\ude00\"}"}], "b": ""}'
)


@pytest.mark.parametrize(
    "path", ['"é😀"[type=totp].secret', '"é😀"[type=totp].inner.k', '"é😀"[0]', "b"]
)
def test_a_leaf_is_replaced_in_place_in_text_json_and_jsonb(store, admin, path):
    admin.execute("CREATE TABLE t (t text, j json, b jsonb)")
    admin.execute("INSERT INTO t VALUES (%s, %s, %s)", [TRICKY] * 3)
    select = "SELECT t, j::text, b::text FROM t"
    before = admin.execute(select).fetchone() or ()
    expected = []
    for column, kind, text in zip("tjb", ("text", "json", "jsonb"), before, strict=True):
        parts = [replacement(leaf) for leaf in leaves(text, Path.parse(path))]
        assert parts
        store.execute(
            "UPDATE t SET {column} = (" + SPLICE + ")::{kind}",
            {"pieces": pieces(len(text), parts)},
            column=sql.Identifier(column), kind=sql.SQL(kind),
            cell=sql.SQL(column + "::text"), pieces=sql.Placeholder("pieces"),
        )  # fmt: skip
        expected.append(spliced(text, parts))

    assert admin.execute(select).fetchone() == tuple(expected)
