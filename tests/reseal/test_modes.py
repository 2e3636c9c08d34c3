"""A mode's effort: how much of a table one task has, and who gives way to whom."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.modes import Effort, Mode, effort
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


def test_only_a_careful_run_gives_way_to_others():
    assert {mode for mode in Mode if effort(mode).niceness} == {Mode.SAFE}


@pytest.mark.parametrize(("mode", "niceness"), [("safe", 10), ("standard", 0)])
def test_it_gives_way_as_far_as_its_mode_says_however_often_it_is_told(mode, niceness):
    said = f"give_way('{mode}'); give_way('{mode}'); print(os.nice(0))"
    said = f"import os; from reseal.modes import give_way; {said}"
    words = [sys.executable, "-c", said]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    assert int(told) == max(niceness, os.nice(0))


@pytest.mark.parametrize(("cores", "rest"), [(1, 39), (2, 19), (8, 4), (64, 1)])
def test_a_careful_run_rests_by_how_many_cores_there_are(monkeypatch, cores, rest):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    careful = effort(Mode.SAFE)
    assert careful.reading_rest == careful.pace.rest == pytest.approx(rest)


@pytest.mark.parametrize("mode", [Mode.SAFE, Mode.STANDARD, Mode.AGGRESSIVE])
def test_a_rest_that_somebody_said_takes_the_place_of_the_mode_s(mode):
    said = effort(mode).resting(0.5)
    assert (said.pace.rest, effort(mode).resting(None)) == (0.5, effort(mode))
    assert said.reading_rest == (0.5 if mode is Mode.SAFE else 0.0)


GIVING_WAY = """
from pathlib import Path
from reseal.modes import give_way

said = Path("/proc/self/autogroup")
print(said.read_text().split() if said.exists() else [])
give_way("safe")
print(said.read_text().split() if said.exists() else [])
"""


@pytest.mark.parametrize("is_a_session", [True, False])
def test_a_session_of_its_own_gives_way_as_a_whole(is_a_session):
    before, after = subprocess.run(
        [sys.executable, "-c", GIVING_WAY],
        check=True,
        capture_output=True,
        text=True,
        start_new_session=is_a_session,
    ).stdout.splitlines()
    # A kernel that weighs no sessions, or not this one, tells nothing of it, before or after.
    assert (before == "[]") == (after == "[]")
    assert after.endswith("'10']") if is_a_session and after != "[]" else after == before
