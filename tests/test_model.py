"""In every order of steps, crashes and writes of applications the promise holds; without any of its
precautions it does not.

`python -m tests.model --mutants` shows what each precaution is for, `make model` goes further.
"""

import pytest

from tests.model.acts import Act
from tests.model.explorer import Explorer
from tests.model.invariants import (
    INVARIANTS,
    a_backup_holds_the_original_of_every_envelope_of_its_run,
    no_save_puts_plaintext_in_the_place_of_its_envelope,
)
from tests.model.mutants import MUTANTS
from tests.model.protocol import Protocol, Shield
from tests.model.world import Shape, World, beginning

# What only a run does that was superseded, or whose envelope is broken.
_FURTHER = {Act.SUPERSEDED, Act.FENCE, Act.ABORT, Act.REPORT_BROKEN}


def test_two_rows_two_runs_and_two_writes_of_applications():
    found = Explorer(Protocol()).explore(beginning(rows=2, runs=2, writes=2, faults=0))

    print(f"\n{found.worlds:,} worlds, {found.steps:,} steps")
    assert not found.violation, found.violation
    assert set(Act) - found.acts.keys() == _FURTHER
    assert found.worlds > 100_000


def test_an_envelope_that_comes_out_broken_is_still_in_the_backup():
    found = Explorer(Protocol()).explore(beginning(rows=2, runs=2, writes=1, faults=1))

    assert not found.violation, found.violation
    assert Act.REPORT_BROKEN in found.acts


def test_without_the_shield_plaintext_comes_back_and_nothing_else_is_wrong():
    bare = Protocol(shield=Shield.NONE)
    others = tuple(
        one for one in INVARIANTS if one is not no_save_puts_plaintext_in_the_place_of_its_envelope
    )

    assert not Explorer(bare, invariants=others).explore(beginning(2, 2, 1, 0)).violation


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_without_a_precaution_an_invariant_does_not_hold(mutant):
    start = beginning(2, 2, mutant.writes, mutant.faults)
    violation = Explorer(mutant.protocol).explore(start).violation

    assert violation is not None
    assert violation.invariant is mutant.breaks
    # No shorter one breaks it, so what is shown is what it takes.
    assert not violation.invariant(violation.trace[-1])
    assert all(violation.invariant(step) for step in violation.trace[:-1])


def test_a_trace_is_told_in_words():
    guarded_by_plaintext = MUTANTS[1]
    told = str(Explorer(guarded_by_plaintext.protocol).explore(beginning(1, 1, 1, 0)).violation)

    assert told.splitlines() == [
        "not true: the latest secret of each row is recoverable",
        "  1. run 1 takes the field over under a new epoch, to encrypt",
        "  2. run 1 raises the shield, keeps the data key and fixes its backup's horizon",
        "  3. run 1 backs up what is older than the horizon",
        "  4. run 1 reads row 1 and turns what it wants in memory",
        "  5. the user of row 1 enrols anew, stored in plaintext;"
        " row 1 holds secret 2 in plaintext",
        "  6. run 1's batch is committed: row 1 written; row 1 holds secret 1 sealed",
    ]


def test_the_steps_that_are_left_out_lead_nowhere_else():
    start = beginning(rows=2, runs=2, writes=0, faults=1)

    assert _tables(Explorer(Protocol()), start) == _tables(
        Explorer(Protocol(), thrifty=False), start
    )


def test_a_backup_loses_an_original_to_an_application_that_goes_back():
    """A limit of the promise; whoever mends it can make it an invariant."""
    limit = (a_backup_holds_the_original_of_every_envelope_of_its_run,)
    start = beginning(rows=1, runs=1, writes=2, faults=0)
    violation = Explorer(Protocol(), invariants=limit).explore(start).violation

    assert violation is not None
    assert [step.act for step in violation.trace][-3:] == [Act.READ, Act.SAVE, Act.COMMIT]


def test_three_runs_on_one_row():
    found = Explorer(Protocol()).explore(beginning(rows=1, runs=3, writes=2, faults=0))

    assert not found.violation, found.violation


def test_rolling_an_older_run_back_replaces_what_a_newer_one_broke():
    """A limit of the promise: nobody can read which secret it was, and the older backup is asked.

    The newer run's backup has the latest, and rolling that one back brings it.
    """
    start = beginning(rows=1, runs=3, writes=1, faults=1)
    violation = Explorer(Protocol()).explore(start).violation

    assert violation is not None
    last = violation.trace[-1]
    assert last.before.runs[last.run].undoes == 0
    (before,), (after,) = last.before.rows, last.after.rows
    assert (before.value.shape, after.value.shape) == (Shape.BROKEN, Shape.PLAIN)
    assert after.value.secret != after.latest == after.marks[1].kept


def _tables(explorer: Explorer, start: World) -> set[tuple]:
    """What can come to stand in the table and in backups, with what was enrolled last."""
    tables = set()

    def look(step):
        told = (
            (row.value, row.latest, *(mark.kept for mark in row.marks)) for row in step.after.rows
        )
        tables.add(tuple(sorted(told)))
        return True

    Explorer(explorer.protocol, explorer.thrifty, (look,)).explore(start)
    return tables
