"""How a run reads a row, and decides in memory what to write there."""

from collections.abc import Iterator
from functools import cache

from tests.model.acts import Act, Step
from tests.model.protocol import Late, Protocol
from tests.model.restore import original
from tests.model.world import NOBODY, NOTHING, Mark, Phase, Row, Run, Shape, Stage, Value, World


def reading(world: World, protocol: Protocol, number: int) -> Iterator[Step]:
    """Read a batch, which is one of the rows that are still ahead.

    Larger ones would show nothing more: what the rows of a batch share is that all of them are
    written or none, and no invariant is about two rows.
    """
    for at, row in enumerate(world.rows):
        if row.marks[number].stage is Stage.AHEAD:
            yield _read(Act.READ, world, protocol, number, at)
            if world.faults and _is_to_open(row, world.runs[number]):
                yield from _misread(world, protocol, number, at)


def _read(act: Act, world: World, protocol: Protocol, number: int, at: int) -> Step:
    row, run = world.rows[at], world.runs[number]
    seen = _unopened(row) if act is Act.MISREAD else row
    mark = _turned(seen, number, run, protocol, is_shielded=run.undoes in world.shielded)
    read = world.with_row(at, row.marked(number, mark)).with_phase(number, Phase.TURNED)
    return Step(act, world, read, number, (at,))


def _misread(world: World, protocol: Protocol, number: int, at: int) -> Iterator[Step]:
    """Fail to open what others can: a false key, memory that lies. What is left alone is left."""
    step = _read(Act.MISREAD, world, protocol, number, at)
    if step.after.rows[at].marks[number].turned != NOTHING:
        yield step._replace(after=step.after._replace(faults=world.faults - 1))


def _is_to_open(row: Row, run: Run) -> bool:
    return run.undoes != NOBODY and row.value.shape is Shape.SEALED


def _unopened(row: Row) -> Row:
    return row._replace(value=row.value._replace(shape=Shape.BROKEN))


@cache
def _turned(row: Row, number: int, run: Run, protocol: Protocol, *, is_shielded: bool) -> Mark:
    """Return what a run has of a row once it has read it, and turned it if it wants to."""
    mark = row.marks[number]
    turned, is_late = NOTHING, False
    if run.undoes != NOBODY:
        turned = original(row, run.undoes, protocol, is_shielded=is_shielded)
    elif row.value.shape is Shape.PLAIN:
        turned = Value(Shape.SEALED, row.value.secret, number if run.has_backup else NOBODY)
        is_covered = mark.is_before_horizon or protocol.late is Late.TAKEN_AS_COVERED
        is_late = run.has_backup and not is_covered
    return mark._replace(is_as_read=True, stage=Stage.IN_BATCH, turned=turned, is_late=is_late)
