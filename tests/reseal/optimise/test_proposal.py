"""The index that is proposed covers its query where it can, and holds a secret never."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.optimise.columns import Columns, Kind
from reseal.optimise.proposal import MOST_INCLUDED, Proposal, merged, propose
from reseal.optimise.query import Condition, Holding, Operand, Query

FIXED, WIDE, FLAG = Kind(False, True), Kind(False, False), Kind(True, True)
COLUMNS = Columns(
    {
        "id": FIXED, "tenant": FIXED, "email": WIDE, "name": WIDE, "mfa_enabled": FLAG,
        "mfa_secret": WIDE, "recovery": WIDE, "last_login": FIXED,
    },
    ("id",),
    frozenset({"mfa_secret", "recovery"}),
)  # fmt: skip
LOWER = Operand("email", "lower")
ENABLED = Condition("mfa_enabled", Holding.TRUE)

CASES = {
    "a flag that must be on": (
        Query(("id", "mfa_enabled"), (Operand("email"),), (ENABLED,)),
        "(email) INCLUDE (id, mfa_enabled) WHERE mfa_enabled",
    ),
    "a function of a column": (
        Query(("id",), (LOWER,), (ENABLED,)),
        "(lower(email)) INCLUDE (id, email) WHERE mfa_enabled",
    ),
    "a flag that is a parameter": (
        Query(("id",), (LOWER, Operand("mfa_enabled"))),
        "(lower(email)) INCLUDE (id, email, mfa_enabled)",
    ),
    "two columns": (
        Query(("id",), (Operand("tenant"), Operand("email"))), "(tenant, email) INCLUDE (id)",
    ),
    "the secret is selected": (
        Query(("id", "mfa_secret"), (LOWER,), (ENABLED,)), "(lower(email)) WHERE mfa_enabled",
    ),
    "the secret must be there": (
        Query(("id",), (LOWER,), (Condition("mfa_secret", Holding.NOT_NULL), ENABLED)),
        "(lower(email)) WHERE mfa_enabled",
    ),
    "another field's secret is selected": (
        Query(("id", "recovery"), (Operand("email"),)), "(email)",
    ),
    "a text of any length is selected": (Query(("id", "name"), (Operand("email"),)), "(email)"),
    "a cast": (
        Query((), (Operand("email", "upper", as_text=True),)),
        "(upper(email::text)) INCLUDE (email)",
    ),
    "by the row's key": (Query(("email",), (Operand("id"),)), None),
    "by the row's key and more": (Query(("email",), (Operand("id"), Operand("email"))), None),
    "by a flag alone": (Query(("id",), (Operand("mfa_enabled"),)), None),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_query_gets_the_index_that_answers_it(name: str):
    query, shown = CASES[name]

    proposal = propose(query, COLUMNS)

    assert (proposal and proposal.shown) == shown


names = st.sampled_from(COLUMNS.names)
operands = st.builds(Operand, names, st.sampled_from(["", "lower"])).filter(
    lambda operand: operand.column not in COLUMNS.secret
)
conditions = st.builds(Condition, names, st.sampled_from(Holding))
queries = st.builds(
    Query,
    st.lists(names, unique=True).map(tuple),
    st.lists(operands, min_size=1, max_size=2, unique=True).map(tuple),
    st.lists(conditions, max_size=3, unique=True).map(tuple),
)


@given(st.lists(queries, max_size=5))
def test_no_index_ever_holds_or_mentions_a_secret(asked: list[Query]):
    proposals = [one for query in asked if (one := propose(query, COLUMNS))]

    for proposal in [*proposals, *merged(proposals)]:
        assert not proposal.columns & COLUMNS.secret
        assert len(proposal.included) <= MOST_INCLUDED


@given(st.lists(queries, max_size=5))
def test_one_index_for_each_key_holds_every_row_that_its_queries_look_for(asked: list[Query]):
    proposals = [one for query in asked if (one := propose(query, COLUMNS))]

    made = {proposal.key: proposal for proposal in merged(proposals)}

    assert made.keys() == {proposal.key for proposal in proposals}
    for proposal in proposals:
        assert set(made[proposal.key].conditions) <= set(proposal.conditions)


def test_queries_of_one_key_share_an_index_that_answers_both():
    one = propose(Query(("id",), (LOWER,), (ENABLED,)), COLUMNS)
    other = propose(Query(("last_login",), (LOWER,)), COLUMNS)
    assert one
    assert other

    (both,) = merged([one, other])

    assert both.shown == "(lower(email)) INCLUDE (id, email, last_login, mfa_enabled)"
    assert both.covers


def test_a_name_is_ours_and_tells_definitions_apart():
    long = "a_table_whose_name_is_as_long_as_postgresql_lets_a_name_be_\N{SNOWMAN}"
    names = {
        Proposal((LOWER,)).name(long),
        Proposal((LOWER,), ("id",)).name(long),
        Proposal((LOWER,), ("id",), (ENABLED,)).name(long),
    }

    assert len(names) == 3
    assert all(name.startswith("reseal_a_table") and len(name.encode()) <= 63 for name in names)
