"""Every row read has exactly one outcome."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.errors import Miscount
from reseal.sweep.tally import Tally, total

outcomes = st.lists(st.integers(0, 1000), min_size=7, max_size=7)
tallies = st.builds(lambda counts: Tally(sum(counts), *counts), outcomes)


@given(st.lists(tallies))
def test_what_adds_up_adds_up_in_total(parts):
    whole = total(parts)

    assert whole.checked() == whole
    assert whole.rows_read == sum(part.rows_read for part in parts)


@given(tallies, st.integers(-5, 5).filter(bool))
def test_a_row_without_an_outcome_is_a_miscount(tally, off):
    wrong = tally + Tally(rows_read=off)

    with pytest.raises(Miscount, match=f"{wrong.rows_read} rows were read but {tally.rows_read}"):
        wrong.checked()


@given(tallies, tallies, tallies)
def test_adding_is_associative_and_has_a_zero(a, b, c):
    assert (a + b) + c == a + (b + c)
    assert a + Tally() == a
    assert a.as_dict() == (Tally() + a).as_dict()


@pytest.mark.parametrize(
    ("outcome", "converged"),
    [
        ("changed", False),
        ("moved", False),
        ("locked", False),
        ("settled", True),
        ("empty", True),
        ("quarantined", True),
        ("left_alone", True),
    ],
)
def test_a_pass_converged_when_another_one_could_do_no_more(outcome, converged):
    assert Tally(rows_read=1, **{outcome: 1}).converged is converged
