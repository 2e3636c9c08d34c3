"""What happens to a run at any moment: kill -9.

A frozen process needs no fault of its own, nor a lock that is lost; see `runner`.
"""

from collections.abc import Iterator

from tests.model.acts import Act, Step
from tests.model.runner import ended
from tests.model.world import NOBODY, Phase, Row, Shape, World

_ALIVE = frozenset(Phase) - {Phase.WAITING, Phase.ORPHANED, Phase.ENDED}


def faults(world: World, number: int) -> Iterator[Step]:
    """Yield what may befall a run."""
    run = world.runs[number]
    if run.phase in _ALIVE:
        yield Step(Act.KILL, world, _killed(world, number), number)


def _killed(world: World, number: int) -> World:
    if world.key_in_memory == number:
        rows = tuple(_unreadable(row) for row in world.rows)
        world = world._replace(rows=rows, key_in_memory=NOBODY)
    run = world.runs[number]
    if run.phase is Phase.WRITING:
        return world.with_run(number, run._replace(phase=Phase.ORPHANED))
    return ended(world, number)


def _unreadable(row: Row) -> Row:
    if row.value.shape is not Shape.SEALED:
        return row
    return row._replace(value=row.value._replace(shape=Shape.BROKEN))
