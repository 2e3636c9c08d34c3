"""Each type of column is read as the application reads it, and takes back what was read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from reseal.errors import WillNotOpen
from reseal.secret import Secret
from reseal.store.column import CODECS, Column, escape, unescape
from tests.conftest import SENTINEL

VALUE = sql.SQL("x.v")


def column(type_name: str) -> Column:
    return Column("v", type_name, "pg_catalog", None, not_null=False)


@given(st.binary())
def test_the_escape_of_bytes_gives_them_back(octets):
    assert unescape(escape(octets)) == octets


@settings(max_examples=30, deadline=None)
@given(octets=st.binary(max_size=80))
def test_the_escape_is_postgresql_s(octets):
    made = column("bytea")
    assert made.secret(made.text(Secret(octets))).octets() == octets


def test_every_byte_is_escaped_as_postgresql_does_it(store):
    octets = bytes(range(256)) + b"\\123"

    said = store.need("SELECT encode(%s, 'escape'), decode(%s, 'escape')", [octets, escape(octets)])
    assert said == (escape(octets), octets)


@pytest.mark.parametrize(
    ("type_name", "value", "text"),
    [
        ("text", "' a b '", " a b "),
        ("varchar", "'é'", "é"),
        ("bpchar", "'ab'::char(4)", "ab  "),
        ("bpchar", "''::char(4)", "    "),
        ("json", """'{"b":  1.50, "a" : "x"}'::json""", '{"b":  1.50, "a" : "x"}'),
        ("jsonb", """'{"b":  1.50, "a" : "x"}'::jsonb""", '{"a": "x", "b": 1.50}'),
        ("bytea", r"'\x00ff5c61'::bytea", r"\000\377\\a"),
        ("_text", """ARRAY['a', NULL, 'b "c", d']""", r'["a",null,"b \"c\", d"]'),
        ("_varchar", "'{}'::varchar[]", "[]"),
        ("_text", "'[2:3]={a,b}'::text[]", "?"),
        ("_text", "ARRAY[['a'],['b']]", '[["a"],["b"]]'),
    ],
)
def test_a_value_is_read_character_for_character(store, type_name, value, text):
    read = column(type_name).read(sql.SQL("({})").format(sql.SQL(value)))

    assert store.need("SELECT {read}", read=read)[0] == text


@pytest.mark.parametrize(
    ("type_name", "declared", "text"),
    [
        ("text", "text", " a b "),
        ("bpchar", "bpchar", "ab  "),
        ("json", "json", '{"b":  1.50, "a" : "x", "a" : 1e400}'),
        ("jsonb", "jsonb", '{"a": "x", "b": 1.50}'),
        ("bytea", "bytea", r"\000\377\\a"),
        ("_text", "text[]", r'["a",null,"b \"c\", d",""]'),
        ("_varchar", "varchar[]", "[]"),
    ],
)
def test_what_was_read_can_be_written_back(store, type_name, declared, text):
    made = column(type_name)
    value = sql.SQL("({})::{}").format(made.write(sql.Literal(text)), sql.SQL(declared))

    assert store.need("SELECT {read}", read=made.read(value))[0] == text


@pytest.mark.parametrize("type_name", sorted(CODECS.keys() - {"citext"}))
def test_null_is_read_as_null(store, type_name):
    value = sql.SQL("(NULL::{})").format(sql.Identifier("pg_catalog", type_name))

    read = store.need("SELECT {read}", read=column(type_name).read(value))[0]
    assert read is None


def test_the_padding_of_a_char_is_read_and_does_not_count():
    assert column("bpchar").judged("ab  ") == "ab"
    assert column("text").judged("ab  ") == "ab  "


def test_bytes_that_are_no_text_are_not_written_into_a_text_column():
    with pytest.raises(WillNotOpen, match="column 'v' holds text") as caught:
        column("text").text(Secret(b"\xff" + SENTINEL.encode()))

    assert SENTINEL not in str(caught.value)
    assert caught.value.__context__ is None
