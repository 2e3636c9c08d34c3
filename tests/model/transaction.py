"""The end of a batch's transaction: all of it stands, or nothing.

Its write and its COMMIT are one step, as nobody sees or changes a row in between that the write has
locked. Rows that an application holds are skipped, whichever and whenever. The answer may get lost,
and a run that is killed with a COMMIT on the way does not keep it from taking effect.
"""

from collections.abc import Iterator
from functools import cache
from itertools import combinations

from tests.model.acts import Act, Step
from tests.model.protocol import Guard, Late, Marks, Protocol
from tests.model.runner import begin_pass, ended, is_open
from tests.model.world import NOBODY, NOTHING, Mark, Phase, Row, Shape, Stage, World


def transaction(world: World, protocol: Protocol, number: int) -> Iterator[Step]:
    """Yield how a run's open transaction may end, also after the run was killed."""
    run = world.runs[number]
    if not is_open(run):
        return
    yield Step(Act.ABORT, world, _unanswered(world, number), number)
    batch = [at for at, row in enumerate(world.rows) if _mark(row, number).stage is Stage.IN_BATCH]
    free = [at for at in batch if _may_write(world.rows[at], number, protocol)]
    for written in _subsets(free):
        for broken in _breakable(world, number, written):
            stored = _stored(world, protocol, number, batch, written, broken)
            if stored is not world:
                yield _committed(world, _unanswered(stored, number), number, written)
            if run.phase is Phase.WRITING:
                is_clean = not free and not _moved(world, number, batch)
                yield _committed(
                    world, _answered(stored, protocol, number, is_clean), number, written
                )


def _may_write(row: Row, number: int, protocol: Protocol) -> bool:
    """Say whether a row is to be written, and the guard lets it be."""
    mark = _mark(row, number)
    if mark.turned == NOTHING:
        return False
    match protocol.guard:
        case Guard.VERSION:
            return mark.is_as_read
        case Guard.PLAINTEXT:
            return row.value.shape is Shape.PLAIN or mark.turned.shape is Shape.PLAIN
        case Guard.NONE:
            return True


def _moved(world: World, number: int, batch: list[int]) -> bool:
    marks = [_mark(world.rows[at], number) for at in batch]
    return any(mark.turned != NOTHING and not mark.is_as_read for mark in marks)


def _subsets(free: list[int]) -> list[tuple[int, ...]]:
    return [some for size in range(len(free) + 1) for some in combinations(free, size)]


def _breakable(world: World, number: int, written: tuple[int, ...]) -> list[int]:
    """Return which of the envelopes may come out broken, and none of them."""
    run = world.runs[number]
    # Without a backup, a broken envelope is a loss that no protocol mends.
    may_break = world.faults and run.has_backup and run.undoes == NOBODY
    return [NOBODY, *(written if may_break else ())]


def _stored(
    world: World,
    protocol: Protocol,
    number: int,
    batch: list[int],
    written: tuple[int, ...],
    broken: int,
) -> World:
    stored = world._replace(faults=world.faults - 1) if broken != NOBODY else world
    for at in batch:
        row = world.rows[at]
        if protocol.late is Late.WITH_THE_WRITE or at in written:
            row = _with_late(row, number, protocol)
        if protocol.marks is Marks.CLEARED_BY_THE_BATCH:
            row = _unmarked(row, number)
        if at in written:
            row = _overwritten(row, number, is_broken=at == broken)
        if row is not world.rows[at]:
            stored = stored.with_row(at, row)
    return stored


@cache
def _with_late(row: Row, number: int, protocol: Protocol) -> Row:
    """Back up a late original."""
    mark = _mark(row, number)
    if mark.is_late and protocol.late is not Late.AFTER_THE_WRITE:
        return row.marked(number, mark._replace(kept=mark.turned.secret))
    return row


@cache
def _overwritten(row: Row, number: int, *, is_broken: bool) -> Row:
    turned = _mark(row, number).turned
    if is_broken:
        turned = turned._replace(shape=Shape.BROKEN)
    # Of the row as it stands now, the run's backup has the original.
    is_marked = row.is_marked and turned.shape is Shape.PLAIN
    written = row.written(turned)._replace(is_marked=is_marked)
    return written.marked(number, _mark(written, number)._replace(is_own=is_broken))


@cache
def _unmarked(row: Row, number: int) -> Row:
    return row._replace(is_marked=row.is_marked and _mark(row, number).turned == NOTHING)


def _answered(world: World, protocol: Protocol, number: int, is_clean: bool) -> World:
    """Go on after a batch that is known to be committed; end the pass after the last one."""
    run = world.runs[number]
    is_clean = run.is_clean and is_clean
    after = _forgotten(world, number, Stage.PASSED)
    after = after.with_run(number, run._replace(phase=Phase.READING, is_clean=is_clean))
    if any(_mark(row, number).stage is Stage.AHEAD for row in after.rows):
        return after
    if world.owner != number:
        return ended(after, number)
    if is_clean or not protocol.passes_until_clean:
        return after.with_run(number, after.runs[number]._replace(phase=Phase.JUDGING))
    return begin_pass(after, number)


def _unanswered(world: World, number: int) -> World:
    """Read the batch again, as nobody knows whether it stands; or nothing, if the run is dead."""
    run = world.runs[number]
    if run.phase is Phase.ORPHANED:
        return ended(world, number)
    after = _forgotten(world, number, Stage.AHEAD)
    return after.with_run(number, run._replace(phase=Phase.READING))


def _forgotten(world: World, number: int, stage: Stage) -> World:
    """Let a run forget the batch that it had in memory."""
    rows = tuple(_without_batch(row, number, stage) for row in world.rows)
    return World(rows, *world[1:])


@cache
def _without_batch(row: Row, number: int, stage: Stage) -> Row:
    mark = _mark(row, number)
    if mark.stage is not Stage.IN_BATCH:
        return row
    mark = mark._replace(stage=stage, turned=NOTHING, is_late=False, is_as_read=False)
    return row.marked(number, mark)


def _committed(world: World, after: World, number: int, written: tuple[int, ...]) -> Step:
    return Step(Act.COMMIT, world, after, number, written)


def _mark(row: Row, number: int) -> Mark:
    return row.marks[number]
