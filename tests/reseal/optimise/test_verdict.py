"""An index stays where pages and time fall by a margin and its writes cost less than it spares."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.optimise.plan import Plan
from reseal.optimise.traffic import ASSUMED_LOOKUPS, Load, Traffic
from reseal.optimise.verdict import Gain, judge, price_of, why_not_try

INDEX = "reseal_users_lower_email_00000000"
ONE_INSERT = Load(entries=1, no_longer_hot=0, indexes=2)


def plan(pages: float, milliseconds: float, index: str | None = None) -> Plan:
    return Plan("Index Only Scan" if index else "Seq Scan", index, 1.0, milliseconds, pages)


def gain(before: Plan, after: Plan, lookups: float = ASSUMED_LOOKUPS) -> Gain:
    return Gain(before, after, lookups)


LARGE = gain(plan(32_258, 137.5), plan(3, 0.010, INDEX))

CASES = {
    "a scan of the table becomes a look": (LARGE, ONE_INSERT, True, "32258 pages before, 3 after"),
    "the planner passes it by": (
        replace(LARGE, after=plan(32_258, 137.5)), ONE_INSERT, False, "planner does not take it",
    ),
    "one page of three is spared": (
        gain(plan(3, 0.02), plan(2, 0.02, INDEX)), ONE_INSERT, True, "3 pages before, 2 after",
    ),
    "no page is spared": (
        gain(plan(3, 0.02), plan(3, 0.01, INDEX)), ONE_INSERT, False, "less than 20% of the pages",
    ),
    "a page of a hundred is spared": (
        gain(plan(100, 9.0), plan(99, 1.0, INDEX)), ONE_INSERT, False, "less than 20% of the pages",
    ),
    "the time stays": (
        gain(plan(100, 9.0), plan(10, 8.9, INDEX)), ONE_INSERT, False, "less than 20% of the time",
    ),
    "too short to be timed": (
        gain(plan(100, 0.09), plan(10, 0.1, INDEX)), ONE_INSERT, True, "100 pages before",
    ),
    "written far more often than read": (
        gain(plan(3, 0.02), plan(2, 0.02, INDEX), lookups=10), Load(1000, 0, 2), False,
        "cost 2,000 pages for each 10",
    ),
    "updates that would not be HOT any more": (
        gain(plan(3, 0.02), plan(2, 0.02, INDEX), lookups=1000), Load(1, 200, 4), False,
        "cost 2,002 pages for each 1,000",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_is_made_of_what_was_measured(name: str):
    measured, load, kept, why = CASES[name]

    verdict = judge(INDEX, [measured], load)

    assert verdict.kept is kept, verdict.why
    assert why in verdict.why


def test_a_query_that_does_not_take_it_takes_nothing_from_the_others():
    passed_by = gain(plan(50, 5.0), plan(50, 5.0, "users_pkey"))

    assert judge(INDEX, [passed_by, LARGE], ONE_INSERT).kept


plans = st.builds(plan, st.integers(0, 10_000), st.floats(0, 1000), st.sampled_from([None, INDEX]))
gains = st.lists(st.builds(Gain, plans, plans, st.floats(0, 1e6)), min_size=1, max_size=4)
loads = st.builds(Load, st.floats(0, 1e6), st.floats(0, 1e6), st.integers(0, 20))


@given(gains, loads, st.floats(0, 1e6))
def test_more_writes_never_keep_an_index(measured: list[Gain], load: Load, more: float):
    heavier = replace(load, entries=load.entries + more, no_longer_hot=load.no_longer_hot + more)

    assert price_of(heavier) >= price_of(load)
    assert judge(INDEX, measured, load).kept >= judge(INDEX, measured, heavier).kept


@given(gains, loads)
def test_what_is_kept_is_taken_and_spares_pages(measured: list[Gain], load: Load):
    if judge(INDEX, measured, load).kept:
        taking = [one for one in measured if one.after.index == INDEX]
        assert any(one.after.pages <= 0.8 * one.before.pages for one in taking)


def test_an_update_of_a_column_in_it_costs_an_entry_of_every_index():
    updated = ((frozenset({"email", "name"}), 30.0), (frozenset({"last_login"}), 70.0))
    traffic = Traffic(10.0, updated, hot_share=0.5, indexes=4, counted=True)

    assert traffic.load({"email", "id"}) == Load(60.0, 15.0, 4)
    assert traffic.load({"id"}) == Load(60.0, 0.0, 4)
    assert traffic.lookups(7) == 7.0
    assert traffic.lookups(None) == ASSUMED_LOOKUPS * 60


@pytest.mark.parametrize(
    ("before", "covers", "why"),
    [
        (plan(5000, 9.0), True, None),
        (plan(1, 0.1), True, None),
        (plan(3, 0.1, "answers"), True, "answers answers it alone"),
        (plan(300, 3.0, "answers"), True, None),
        (replace(plan(4, 0.1, "finds"), node="Index Scan"), True, None),
        (replace(plan(4, 0.1, "finds"), node="Index Scan"), False, "finds finds the row"),
    ],
)
def test_what_is_answered_by_an_index_is_given_no_second_one(before, covers, why):
    said = why_not_try(before, covers=covers)

    assert (said is None) if why is None else (said and why in said)
