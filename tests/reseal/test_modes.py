"""A mode's effort: how much of a table one task has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.modes import Effort
from reseal.sweep.pace import Pace

efforts = st.builds(
    Effort, st.integers(1, 16), st.integers(1000, 100_000), st.just(Pace(1000, 0.25, 0.0))
)
rows = st.integers(0, 10**9)


@given(efforts, rows)
def test_no_task_of_a_first_pass_has_more_rows_than_the_mode_says(effort, rows):
    assert effort.span_rows // 10 <= effort.rows_of_span(rows, first_pass=True) <= effort.span_rows


@given(efforts, rows)
def test_a_task_of_a_later_pass_has_ten_times_as_many_at_most(effort, rows):
    one = effort.rows_of_span(rows, first_pass=False)
    assert effort.span_rows <= one <= effort.span_rows * 10


@pytest.mark.parametrize("first_pass", [True, False])
@given(efforts, rows)
def test_every_worker_has_something_to_do_where_that_is_worth_a_task(first_pass, effort, rows):
    one = effort.rows_of_span(rows, first_pass=first_pass)
    least = effort.span_rows // 10 if first_pass else effort.span_rows
    assert one == least or one <= -(-rows // effort.workers)
