"""Arrays that are spelled here are what the server reads them as."""

from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reseal.store.arrays import of_int8, of_text, of_uuid, of_xid

AS_IT_IS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9)


@AS_IT_IS
@given(values=st.lists(texts, min_size=1, max_size=6))
def test_texts_come_as_they_are(store, values):
    assert store.need("SELECT %s::text[]", [of_text(values)])[0] == values


@AS_IT_IS
@given(values=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=6))
def test_numbers_come_as_they_are(store, values):
    assert store.need("SELECT %s::int8[]", [of_int8(values)])[0] == values


@AS_IT_IS
@given(values=st.lists(st.uuids(), min_size=1, max_size=6))
def test_uuids_come_as_they_are(store, values):
    assert store.need("SELECT %s::uuid[]", [of_uuid(values)])[0] == values


@AS_IT_IS
@given(values=st.lists(st.integers(0, 2**32 - 1).map(str), min_size=1, max_size=6))
def test_transaction_numbers_come_as_they_are(store, values):
    assert store.need("SELECT %s::xid[]::text[]", [of_xid(values)])[0] == values


@pytest.mark.parametrize(
    ("array", "kind"),
    [(of_text, "text"), (of_int8, "int8"), (of_uuid, "uuid"), (of_xid, "xid")],
    ids=["text", "int8", "uuid", "xid"],
)
def test_elements_are_counted_from_one(store, array, kind):
    sample = {"text": "a", "int8": 1, "uuid": UUID(int=1), "xid": "1"}[kind]
    query = f"SELECT array_lower(%s::{kind}[], 1), array_ndims(%s::{kind}[])"

    assert store.need(query, [array([sample]), array([sample])]) == (1, 1)
