"""In every order of steps, crashes and writes of applications the promise holds; without any of its
precautions it does not.

`python -m tests.model --mutants` shows what each precaution is for, `make model` goes further.
"""

from functools import cache

import pytest

from tests.model.acts import Act
from tests.model.explorer import Explorer
from tests.model.invariants import (
    INVARIANTS,
    a_backup_holds_the_original_of_every_envelope_of_its_run,
    no_save_puts_plaintext_in_the_place_of_its_envelope,
)
from tests.model.likeness import canonical
from tests.model.mutants import MUTANTS
from tests.model.protocol import Late, Protocol, Shield
from tests.model.world import Mark, Row, Shape, World, beginning

# What leads nowhere else, and what only happens where envelopes break or backups are shredded.
_LEFT_OUT = {Act.SUPERSEDED, Act.READ_ORIGINALS, Act.FENCE, Act.ABORT}
_FURTHER = _LEFT_OUT | {Act.MISREAD, Act.REPORT_BROKEN, Act.SHRED}


def test_two_runs_beside_a_write_on_two_rows_or_three_on_one():
    worlds, acts = 0, set[Act]()
    for rows, writes in ((2, 1), (1, 3)):
        found = Explorer(Protocol()).explore(beginning(rows, runs=2, writes=writes, faults=0))
        print(f"\n{found.worlds:,} worlds, {found.steps:,} steps")
        assert not found.violation, found.violation
        worlds, acts = worlds + found.worlds, acts | found.acts.keys()
    assert set(Act) - acts == _FURTHER
    assert worlds > 70_000


def test_an_envelope_that_comes_out_broken_is_still_in_the_backup():
    found = Explorer(Protocol()).explore(beginning(rows=2, runs=2, writes=1, faults=1))

    print(f"\n{found.worlds:,} worlds, {found.steps:,} steps")
    assert not found.violation, found.violation
    assert found.acts.keys() >= {Act.MISREAD, Act.REPORT_BROKEN}


def test_a_backup_may_be_shredded():
    found = Explorer(Protocol()).explore(beginning(rows=1, runs=2, writes=2, faults=1, shreds=1))

    print(f"\n{found.worlds:,} worlds, {found.steps:,} steps")
    assert not found.violation, found.violation
    assert Act.SHRED in found.acts


def test_late_originals_may_as_well_be_kept_only_of_what_is_written():
    found = Explorer(Protocol(late=Late.IF_WRITTEN)).explore(beginning(1, 2, 2, 1))

    assert not found.violation, found.violation


def test_without_the_shield_plaintext_comes_back_and_nothing_else_is_wrong():
    bare = Protocol(shield=Shield.NONE)
    others = tuple(
        one for one in INVARIANTS if one is not no_save_puts_plaintext_in_the_place_of_its_envelope
    )

    assert not Explorer(bare, invariants=others).explore(beginning(2, 2, 1, 0)).violation


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_without_a_precaution_an_invariant_does_not_hold(mutant):
    violation = Explorer(mutant.protocol).explore(mutant.start).violation

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
        "  2. run 1, which takes no backup, drops the shield and keeps the data key",
        "  3. run 1 reads row 1 and turns what it wants in memory",
        "  4. the user of row 1 enrols anew, stored in plaintext;"
        " row 1 holds secret 2 in plaintext",
        "  5. run 1's batch is committed: row 1 written; row 1 holds secret 1 sealed",
    ]


@pytest.mark.parametrize(
    "size", [(2, 2, 0, 0), (1, 2, 1, 1), (1, 1, 2, 1)], ids=["rows", "runs", "writes"]
)
def test_the_steps_that_are_left_out_lead_nowhere_else(size):
    thrifty, every = (Explorer(Protocol(), thrifty) for thrifty in (True, False))
    tables, acts = _tables(every, beginning(*size))

    assert _tables(thrifty, beginning(*size)) == (tables, acts - _LEFT_OUT)


def test_a_backup_loses_an_original_to_an_application_that_goes_back():
    """A limit of the promise; whoever mends it can make it an invariant."""
    limit = (a_backup_holds_the_original_of_every_envelope_of_its_run,)
    start = beginning(rows=1, runs=1, writes=2, faults=0)
    violation = Explorer(Protocol(), invariants=limit).explore(start).violation

    assert violation is not None
    assert [step.act for step in violation.trace][-3:] == [Act.READ, Act.SAVE, Act.COMMIT]


def test_three_runs_on_one_row():
    found = Explorer(Protocol()).explore(beginning(rows=1, runs=3, writes=2, faults=0))

    print(f"\n{found.worlds:,} worlds, {found.steps:,} steps")
    assert not found.violation, found.violation


def test_rolling_an_older_run_back_leaves_alone_what_a_newer_one_broke():
    left: list[Row] = []

    def look(step):
        left.extend(filter(None, [_left_to_a_newer_run(step)]))
        return True

    start = beginning(rows=1, runs=3, writes=1, faults=1)
    found = Explorer(Protocol(), invariants=(*INVARIANTS, look)).explore(start)

    assert not found.violation, found.violation
    assert left
    # Rolling the newer one back brings it.
    assert all(row.latest == row.marks[1].kept for row in left)


def _left_to_a_newer_run(step):
    """Return the row if the oldest run was rolled back and the next one's envelope is broken."""
    (row,) = step.after.rows
    is_undone = step.act is Act.REPORT_UNDONE and step.before.runs[step.run].undoes == 0
    is_theirs = row.value.by == 1 and row.value.shape is Shape.BROKEN
    return row if is_undone and is_theirs and row.marks[0].kept != row.latest else None


def _tables(explorer: Explorer, start: World) -> tuple[set[World], set[Act]]:
    """What can come to stand in the table, in backups and of the shield, with what was enrolled
    last; and what was done on the way."""
    tables = set()

    def look(step):
        tables.add((tuple(map(_without_memory, step.after.rows)), step.after.shielded))
        return True

    found = Explorer(explorer.protocol, explorer.thrifty, (look,)).explore(start)
    worlds = {canonical(World(rows, (), shielded=shielded)) for rows, shielded in tables}
    return worlds, set(found.acts)


@cache
def _without_memory(row: Row) -> Row:
    marks = tuple(Mark(kept=mark.kept, is_own=mark.is_own) for mark in row.marks)
    return Row(row.value, row.latest, marks, is_marked=row.is_marked)
