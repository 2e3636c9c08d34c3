"""A backup is destroyed, whose run has ended, while no row needs it."""

from collections.abc import Iterator

from tests.model.acts import Act, Step
from tests.model.protocol import Protocol
from tests.model.world import NO_SECRET, NOBODY, Phase, Row, Shape, Value, World


def shred(world: World, protocol: Protocol, number: int) -> Iterator[Step]:
    """Yield the end of a run's backup: it takes the field's lock and epoch as a run does."""
    if not world.shreds:
        return
    is_alone = all(run.phase in (Phase.WAITING, Phase.ENDED) for run in world.runs)
    is_needed = any(row.value.shape is Shape.BROKEN for row in world.rows)
    has_any = any(row.marks[number].kept for row in world.rows)
    if is_alone and has_any and not is_needed:
        rows = tuple(_without(row, number) for row in world.rows)
        gone = world._replace(rows=rows, shreds=world.shreds - 1)
        yield Step(Act.SHRED, world, _forgotten(gone, number, protocol), number)


def _forgotten(world: World, number: int, protocol: Protocol) -> World:
    """Let older backups count no more: what they have of a row is not what was sealed last."""
    if not protocol.shredding_forgets:
        return world
    return world._replace(shielded=tuple(one for one in world.shielded if one > number))


def _without(row: Row, number: int) -> Row:
    mark = row.marks[number]
    return _disowned(row, number).marked(number, mark._replace(kept=NO_SECRET))


def _disowned(row: Row, number: int) -> Row:
    """Take the run's envelopes as an application's: nobody has what they were of any more."""
    saves = tuple(sorted(_of_nobody(value, number) for value in row.saves))
    return row._replace(value=_of_nobody(row.value, number), saves=saves)


def _of_nobody(value: Value, number: int) -> Value:
    return value._replace(by=NOBODY) if value.by == number else value
