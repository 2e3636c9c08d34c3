"""What an envelope is bound to: no two places share their bound data."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.envelope import ALG
from reseal.errors import EmptyKey, EnvelopeError
from reseal.place import Binding, KeyPart, Place

ID = UUID("6f1e1c3a-0d7b-4c6e-9a51-0f2d3b4c5d6e")

texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
parts = st.one_of(st.integers(-(2**63), 2**63 - 1), texts, st.uuids())
# Few characters, so that lengths and separators do collide where they can.
tricky = st.text("a:/,1\0", min_size=1, max_size=3)
tricky_parts = st.one_of(st.integers(-2, 12), tricky, st.just(ID))
bindings = st.tuples(
    tricky, st.lists(tricky_parts, max_size=4).map(tuple), st.integers(1, 12), st.just(ALG)
)


def bound(field: str, key: tuple[KeyPart, ...], version: int = 1, alg: str = ALG) -> bytes:
    return Binding.of(field, version, alg).data(key)


def test_the_bytes_are_the_ones_that_the_drawing_shows():
    drawn = (
        b"\0\0\0\x09reseal/v1"
        b"\0\0\0\x10users.mfa_secret"
        b"\0\0\0\x03"
        b"\0\0\0\x03i42"
        b"\0\0\0\x06torg/a"
        b"\0\0\0\x11u" + ID.bytes + b"\0\0\0\x013\0\0\0\x07A256GCM"
    )

    assert bound("users.mfa_secret", (42, "org/a", ID), 3) == drawn


def test_without_a_row_key_the_count_of_parts_is_zero():
    drawn = b"\0\0\0\x09reseal/v1\0\0\0\x01f\0\0\0\0\0\0\0\x011\0\0\0\x07A256GCM"

    assert bound("f", ()) == drawn


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "b:c"), ("a:b", "c")),
        (("org/a", "x"), ("org", "a/x")),
        (("ab",), ("a", "b")),
        ((1,), ("1",)),
        ((1,), ("i1",)),
        ((ID,), (str(ID),)),
        ((ID,), (ID.int,)),
        ((12,), (1, 2)),
        ((-1,), (1,)),
        (("\u00e9",), ("e\u0301",)),
        (("a",), ("a ",)),
        ((1, 2), (2, 1)),
        ((1,), ()),
    ],
)
def test_keys_that_look_alike_are_bound_apart(one, other):
    assert bound("f", one) != bound("f", other)


@given(bindings, bindings)
def test_two_places_or_versions_never_share_their_bound_data(one, other):
    assert (bound(*one) == bound(*other)) == (one == other)


@given(texts, st.lists(parts, max_size=4).map(tuple), st.integers(1, 10**9 - 1))
def test_the_bound_data_is_the_same_each_time(field, key, version):
    assert bound(field, key, version) == bound(field, key, version)


@pytest.mark.parametrize("key", [(None,), (1, None, 2)])
def test_a_part_of_a_key_that_is_null_is_refused(key):
    with pytest.raises(EmptyKey, match="a part that is NULL"):
        bound("f", key)


def test_an_empty_text_is_a_part_like_any_other():
    assert len({bound("f", key) for key in [("",), ("", ""), (), ("", "a"), ("a", "")]}) == 5


def test_a_sweep_takes_an_empty_key_for_the_fault_of_one_row():
    assert issubclass(EmptyKey, EnvelopeError)


def test_a_place_reads_as_field_and_key():
    assert str(Place("accounts.totp", ("org", 5))) == "accounts.totp org/5"
    assert str(Place("accounts.totp", ())) == "accounts.totp"
