"""What a run does but for its transactions: take over, back up, read, judge, roll back.

Between any two of these steps it may stand still, for as long as a frozen process does. The
advisory lock is held on one connection and the batches go on others, so that nothing may depend on
the lock: while a run sweeps, that connection may be cut, and another run takes over. What the run
does on that connection itself, which is everything but its batches, is over with the lock.
"""

from collections.abc import Iterator
from functools import cache

from tests.model.acts import Act, Step
from tests.model.protocol import Fence, Late, Protocol
from tests.model.world import (
    NO_SECRET,
    NOBODY,
    NOTHING,
    Mark,
    Phase,
    Row,
    Run,
    Shape,
    Stage,
    Value,
    World,
    replaced,
)


def runner(world: World, protocol: Protocol, number: int) -> Iterator[Step]:
    """Yield what a run may do next outside of transactions."""
    run = world.runs[number]
    match run.phase:
        case Phase.WAITING:
            yield from _take_over(world, protocol, number)
        case Phase.HOLDING:
            yield _prepare(world, protocol, number)
        case Phase.COVERED:
            yield _back_up(world, number)
        case Phase.READING:
            yield from _read(world, protocol, number)
        case Phase.TURNED:
            yield _open(world, protocol, number)
        case Phase.JUDGING:
            yield from _judge(world, number)


def _take_over(world: World, protocol: Protocol, number: int) -> Iterator[Step]:
    before = world.runs[:number]
    if not all(_can_be_followed(run, protocol) for run in before):
        return
    taken = world._replace(owner=number)
    yield Step(Act.TAKE_OVER, world, taken.with_run(number, Run(Phase.HOLDING)), number)
    for undone in range(number):
        if any(row.marks[undone].kept for row in world.rows):
            back = _undo(taken, number, undone)
            yield Step(Act.TAKE_OVER_TO_UNDO, world, back, number)


def _can_be_followed(run: Run, protocol: Protocol) -> bool:
    """Say whether a run is gone, or sweeps, when its lock may be."""
    # The takeover writes the row of `control` that a transaction under way has locked.
    if is_open(run):
        return protocol.fence is not Fence.HELD
    return run.phase in (Phase.READING, Phase.TURNED, Phase.ENDED)


def is_open(run: Run) -> bool:
    """Say whether a transaction of a run is under way, whether or not the run still lives."""
    return run.phase in (Phase.WRITING, Phase.ORPHANED)


def _prepare(world: World, protocol: Protocol, number: int) -> Step:
    rows = tuple(
        row.marked(number, row.marks[number]._replace(is_before_horizon=True)) for row in world.rows
    )
    held = world.key_in_memory if protocol.keeps_key_first or world.has_key else number
    ready = world._replace(rows=rows, is_shielded=True, has_key=True, key_in_memory=held)
    return Step(
        Act.PREPARE, world, ready.with_run(number, _at(world, number, Phase.COVERED)), number
    )


def _back_up(world: World, number: int) -> Step:
    rows = tuple(_backed_up(row, number) for row in world.rows)
    return Step(Act.BACK_UP, world, begin_pass(world._replace(rows=rows), number), number)


def _backed_up(row: Row, number: int) -> Row:
    mark = row.marks[number]
    if mark.is_before_horizon and row.value.shape is Shape.PLAIN:
        return row.marked(number, mark._replace(kept=row.value.secret))
    return row


def begin_pass(world: World, number: int) -> World:
    """Return the world with a run at the beginning of its next pass."""
    rows = tuple(
        row.marked(number, row.marks[number]._replace(is_before_pass=True, stage=Stage.AHEAD))
        for row in world.rows
    )
    run = world.runs[number]._replace(phase=Phase.READING, is_clean=True)
    return world._replace(rows=rows).with_run(number, run)


def _read(world: World, protocol: Protocol, number: int) -> Iterator[Step]:
    """Read a batch, which is one of the rows that are still ahead.

    Larger ones would show nothing more: what the rows of a batch share is that all of them are
    written or none, and no invariant is about two rows.
    """
    undone = world.runs[number].undoes
    for at, row in enumerate(world.rows):
        if row.marks[number].stage is Stage.AHEAD:
            mark = _turned(row, number, undone, protocol)
            read = world.with_row(at, row.marked(number, mark))
            read = read.with_run(number, _at(world, number, Phase.TURNED))
            yield Step(Act.READ, world, read, number, (at,))


@cache
def _turned(row: Row, number: int, undone: int, protocol: Protocol) -> Mark:
    """Return what a run has of a row once it has read it, and turned it if it wants to."""
    mark = row.marks[number]
    if undone != NOBODY:
        turned, is_late = _original(row, row.marks[undone].kept, protocol), False
    elif row.value.shape is Shape.PLAIN:
        turned = Value(Shape.SEALED, row.value.secret)
        is_late = not mark.is_before_horizon and protocol.late is not Late.TAKEN_AS_COVERED
    else:
        turned, is_late = NOTHING, False
    return mark._replace(is_as_read=True, stage=Stage.IN_BATCH, turned=turned, is_late=is_late)


def _original(row: Row, kept: int, protocol: Protocol) -> Value:
    """Return the original if what stands in the row is what the run wrote, or else nothing."""
    if kept == NO_SECRET:
        return NOTHING
    if row.value.shape is Shape.BROKEN:
        is_theirs = protocol.mends_broken
    else:
        is_theirs = row.value == Value(Shape.SEALED, kept) or not protocol.compares
    return Value(Shape.PLAIN, kept) if is_theirs else NOTHING


def _open(world: World, protocol: Protocol, number: int) -> Step:
    """Begin a transaction with the fence."""
    if protocol.fence is not Fence.NONE and world.owner != number:
        return Step(Act.SUPERSEDED, world, ended(world, number), number)
    return Step(Act.FENCE, world, world.with_run(number, _at(world, number, Phase.WRITING)), number)


def _judge(world: World, number: int) -> Iterator[Step]:
    """Validate and end, or roll back; validation may find fault where there is none.

    The run still holds the lock, as the connection that says how it ended is the lock's.
    """
    if world.runs[number].undoes != NOBODY:
        yield Step(Act.REPORT_UNDONE, world, ended(world, number), number)
        return
    broken = [row for row in world.rows if row.value.shape is Shape.BROKEN]
    is_ours = any(row.marks[number].kept for row in broken)
    if broken and not is_ours:
        yield Step(Act.REPORT_BROKEN, world, ended(world, number), number)
        return
    if not broken:
        yield Step(Act.REPORT_DONE, world, ended(world, number), number)
    yield Step(Act.ROLL_BACK, world, _undo(world, number, number), number)


def _undo(world: World, number: int, undone: int) -> World:
    way = world._replace(is_shielded=False)
    run = way.runs[number]._replace(undoes=undone)
    return begin_pass(way.with_run(number, run), number)


def ended(world: World, number: int) -> World:
    """Return the world without a run; of what it had only the backup remains."""
    rows = tuple(_only_backed_up(row, number) for row in world.rows)
    runs = replaced(world.runs, number, Run(Phase.ENDED))
    return World(rows, runs, *world[2:])


@cache
def _only_backed_up(row: Row, number: int) -> Row:
    mark = row.marks[number]
    return row.marked(number, Mark(kept=mark.kept, overwrote=mark.overwrote))


def _at(world: World, number: int, phase: Phase) -> Run:
    return world.runs[number]._replace(phase=phase)
