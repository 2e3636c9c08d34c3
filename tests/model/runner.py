"""What a run does but for its transactions: take over, back up, read, judge, roll back.

Between any two of these steps it may stand still, for as long as a frozen process does. The
advisory lock is held on one connection and the batches go on others, so that nothing may depend on
the lock: while a run sweeps, that connection may be cut, and another run takes over. What the run
does on that connection itself, which is everything but its batches, is over with the lock.
"""

from collections.abc import Iterator
from functools import cache

from tests.model.acts import Act, Step
from tests.model.protocol import Fence, Protocol
from tests.model.reading import reading
from tests.model.shield import dropped, raised, unraised
from tests.model.world import (
    NOBODY,
    NOTHING,
    Mark,
    Phase,
    Row,
    Run,
    Shape,
    Stage,
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
            yield from _prepare(world, protocol, number)
            yield _prepare_bare(world, protocol, number)
        case Phase.COVERED:
            yield _read_originals(world, number)
        case Phase.BACKING_UP:
            yield _back_up(world, number)
        case Phase.READING:
            yield from reading(world, protocol, number)
        case Phase.TURNED:
            yield _open(world, protocol, number)
        case Phase.JUDGING:
            yield from _judge(world, protocol, number)


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


def _prepare(world: World, protocol: Protocol, number: int) -> Iterator[Step]:
    """Make ready; the shield may be in the way of something, or its lock not to be had."""
    yield _cover(Act.PREPARE, world, raised(world, protocol, number), protocol, number)
    if not world.is_shielded:
        exposed = unraised(world, protocol, number)
        yield _cover(Act.PREPARE_UNSHIELDED, world, exposed, protocol, number)


def _cover(act: Act, world: World, over: World, protocol: Protocol, number: int) -> Step:
    rows = tuple(
        row.marked(number, row.marks[number]._replace(is_before_horizon=True)) for row in over.rows
    )
    ready = _with_key(over._replace(rows=rows), protocol, number)
    return Step(act, world, ready.with_phase(number, Phase.COVERED), number)


def _prepare_bare(world: World, protocol: Protocol, number: int) -> Step:
    bare = dropped(world, protocol) if protocol.drops_shield_without_backup else world
    ready = _with_key(bare, protocol, number)
    run = ready.runs[number]._replace(has_backup=False)
    return Step(Act.PREPARE_BARE, world, begin_pass(ready.with_run(number, run), number), number)


def _with_key(world: World, protocol: Protocol, number: int) -> World:
    held = world.key_in_memory if protocol.keeps_key_first or world.has_key else number
    return world._replace(has_key=True, key_in_memory=held)


def _read_originals(world: World, number: int) -> Step:
    rows = tuple(_with_original_read(row, number) for row in world.rows)
    read = world._replace(rows=rows).with_phase(number, Phase.BACKING_UP)
    return Step(Act.READ_ORIGINALS, world, read, number)


def _with_original_read(row: Row, number: int) -> Row:
    mark = row.marks[number]
    if mark.is_before_horizon and row.value.shape is Shape.PLAIN:
        return row.marked(number, mark._replace(turned=row.value))
    return row


def _back_up(world: World, number: int) -> Step:
    rows = tuple(_backed_up(row, number) for row in world.rows)
    return Step(Act.BACK_UP, world, begin_pass(world._replace(rows=rows), number), number)


def _backed_up(row: Row, number: int) -> Row:
    mark = row.marks[number]
    return row.marked(number, mark._replace(kept=mark.turned.secret, turned=NOTHING))


def begin_pass(world: World, number: int) -> World:
    """Return the world with a run at the beginning of its next pass."""
    rows = tuple(
        row.marked(number, row.marks[number]._replace(is_before_pass=True, stage=Stage.AHEAD))
        for row in world.rows
    )
    run = world.runs[number]._replace(phase=Phase.READING, is_clean=True)
    return world._replace(rows=rows).with_run(number, run)


def _open(world: World, protocol: Protocol, number: int) -> Step:
    """Begin a transaction with the fence."""
    if protocol.fence is not Fence.NONE and world.owner != number:
        return Step(Act.SUPERSEDED, world, ended(world, number), number)
    return Step(Act.FENCE, world, world.with_phase(number, Phase.WRITING), number)


def _judge(world: World, protocol: Protocol, number: int) -> Iterator[Step]:
    """Validate and end, or roll back; validation may find fault where there is none.

    The run still holds the lock, as the connection that says how it ended is the lock's.
    """
    if world.runs[number].undoes != NOBODY:
        bare = dropped(world, protocol)
        yield Step(Act.REPORT_UNDONE, world, ended(bare, number), number)
        return
    broken = [row for row in world.rows if row.value.shape is Shape.BROKEN]
    is_ours = any(row.marks[number].kept for row in broken)
    if broken and not is_ours:
        yield Step(Act.REPORT_BROKEN, world, ended(world, number), number)
        return
    if not broken:
        bare = dropped(world, protocol)
        yield Step(Act.REPORT_DONE, world, ended(world, number), number)
        yield Step(Act.REPORT_GUARDED, world, ended(bare, number), number)
    if world.runs[number].has_backup:
        yield Step(Act.ROLL_BACK, world, _undo(world, number, number), number)


def _undo(world: World, number: int, undone: int) -> World:
    run = world.runs[number]._replace(undoes=undone)
    return begin_pass(world.with_run(number, run), number)


def ended(world: World, number: int) -> World:
    """Return the world without a run; of what it had only the backup remains."""
    rows = tuple(_only_backed_up(row, number) for row in world.rows)
    runs = replaced(world.runs, number, Run(Phase.ENDED))
    return World(rows, runs, *world[2:])


@cache
def _only_backed_up(row: Row, number: int) -> Row:
    mark = row.marks[number]
    return row.marked(number, Mark(kept=mark.kept, is_own=mark.is_own))
