"""What other libraries write is named; Python and PostgreSQL give it the same name."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from reseal import conditions
from reseal.foreign import (
    KINDS,
    MARK,
    MARKED,
    SEPARATOR,
    UNMARKED,
    describe_foreign,
    is_foreign,
    kind_of,
)
from reseal.shape import PATTERNS, Shape, pattern_of, shape_of
from tests.reseal.foreign_examples import EXAMPLES, SIGNATURE
from tests.reseal.test_shape import BASE32, OTHERS

NONE = frozenset({""})
IDS = [sentence for sentence, *_ in EXAMPLES]
VALUES = [text for *_, text in EXAMPLES]

# What begins or looks like one of them and is none.
PLAIN_TEXTS = {
    "a passlib secret in the clear": '{"key":"S3JDVB7QD2R7JPXX","type":"totp","v":1}',
    "a phrase": "correct horse battery staple",
    "a phrase with a colon": "the key: none of your business",
    "capitals that KMS's blobs begin with": "AQICAHGEZDGNBVGY",
    "a version without text": "v1:",
    "bytes that begin like a version": "v1:\\200\x03abc\\000\\\\",
    "bytes that begin like a pickle": "\\200\x02\x01abcdefghijklmnop",
    "two words with a dash": "left--right",
    "a decimal": "1234567890.123456",
    "an address": "otpauth://totp/Acme:ada?secret=JBSWY3DPEHPK3PXP&issuer=Acme",
    "an amount": "$100",
}


@pytest.mark.parametrize(("name", "nature", "text"), [rest for _, *rest in EXAMPLES], ids=IDS)
def test_what_another_library_wrote_is_named(name, nature, text):
    kind = kind_of(text)

    assert kind is not None
    assert (kind.name, kind.nature) == (name, nature)
    assert is_foreign(text)


@pytest.mark.parametrize("format_name", PATTERNS)
@pytest.mark.parametrize("declared", [False, True])
def test_no_format_and_no_declaration_makes_it_a_secret(format_name, declared):
    shapes = {shape_of(text, format_name, NONE, declared) for text in VALUES}

    assert shapes == {Shape.FOREIGN}


@pytest.mark.parametrize("format_name", ["base32", "hex", "otpauth"])
def test_even_the_bare_patterns_take_hardly_any_of_it(format_name):
    pattern = re.compile(pattern_of(format_name, declared=False), re.DOTALL)
    taken = {name for name, *_, text in EXAMPLES if pattern.match(text)}

    # OpenPGP in hex is hex; only its first bytes tell.
    assert taken == ({"pgcrypto in hex"} if format_name == "hex" else set())


@pytest.mark.parametrize("text", PLAIN_TEXTS.values(), ids=PLAIN_TEXTS)
def test_what_only_resembles_it_is_not_foreign(text):
    assert not is_foreign(text)
    assert kind_of(text) is None


def test_every_kind_has_an_example():
    assert {kind_of(text) for text in VALUES} == set(KINDS)


def test_a_kind_without_a_mark_has_a_separator():
    unmarked = [text for text in VALUES if kind_of(text) in UNMARKED]

    assert unmarked
    assert all(re.search(SEPARATOR, text) for text in unmarked)


CAPITALS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", max_size=80)
BEGINNINGS = st.sampled_from(VALUES).flatmap(
    lambda text: st.sampled_from([text[:n] for n in range(99)])
)


@given(text=st.builds(str.__add__, st.one_of(st.just(""), BEGINNINGS), CAPITALS))
def test_base32_of_one_case_is_never_foreign(text):
    for one_case in (text.upper(), text.lower()):
        if re.fullmatch("[A-Z2-7]*|[a-z2-7]*", one_case):
            assert not is_foreign(one_case)


@given(text=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", max_size=80))
def test_capitals_and_digits_alone_have_no_name(text):
    assert kind_of(text) is None
    assert not is_foreign(text)


@given(
    text=st.builds(
        lambda value, at, more, keep: value[:at] + more + value[at:][:keep],
        st.sampled_from(VALUES),
        st.integers(0, 120),
        st.text(max_size=3),
        st.integers(0, 120),
    )
)
def test_it_is_foreign_if_and_only_if_it_has_a_kind(text):
    assert is_foreign(text) is (kind_of(text) is not None)


def test_python_and_postgresql_name_every_value_alike(store):
    texts = [*VALUES, *PLAIN_TEXTS.values(), *(text[:-1] for text in VALUES), *BASE32]
    texts += [text for _, text in OTHERS] + [text + "\n" for text in VALUES]
    numbered = sql.SQL(" ").join(
        sql.SQL("WHEN {} THEN {}").format(conditions.matches(sql.SQL("v"), kind.pattern), number)
        for number, kind in enumerate(KINDS)
    )
    values = sql.SQL(", ").join(sql.SQL("({})").format(sql.Literal(text)) for text in texts)
    found = store.execute(
        "SELECT v, CASE {kinds} END, {foreign} FROM (VALUES {values}) AS x (v)",
        kinds=numbered,
        foreign=conditions.is_foreign(sql.SQL("v")),
        values=values,
    ).fetchall()

    assert [text for text, *_ in found] == texts
    for text, number, foreign in found:
        assert (text, None if number is None else KINDS[number]) == (text, kind_of(text))
        assert (text, foreign) == (text, is_foreign(text))


def test_the_patterns_of_one_statement_fit_in_the_servers_cache():
    assert len(MARKED) + 1 <= 30
    assert len(UNMARKED) + 5 <= 30
    assert "%" not in MARK + "".join(kind.pattern for kind in KINDS)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("gAAAAABrBUEH2Zuw", "encrypted by another application (Fernet)"),
        (f"x:1xVlFI:{SIGNATURE}", "only signed, not encrypted (django signing)"),
        ("KGRwMApWc2VjcmV0Cg==", "a pickle, which Reseal does not load"),
        ("$2b$12$EixZaYVK1fsbw1Zf", "a password hash"),
        ("JBSWY3DPEHPK3PXP", "encrypted by another application"),
    ],
)
def test_the_reason_of_a_quarantine_fits_the_nature(text, says):
    assert describe_foreign(text) == says
