"""What applications do, which know nothing of runs."""

from collections.abc import Iterator

from tests.model.acts import Act, Step
from tests.model.protocol import Protocol
from tests.model.shield import stored
from tests.model.world import NO_SECRET, NOTHING, Row, Shape, Value, World, secrets


def application(world: World, protocol: Protocol) -> Iterator[Step]:
    """Yield what an application may do next."""
    for at, row in enumerate(world.rows):
        if world.writes:
            begun = world._replace(writes=world.writes - 1)
            for act, value in _written(world, row):
                after = _enrolled(stored(world, row, value, protocol), value.secret)
                yield _wrote(act, world, begun, at, after)
            yield from _read(world, begun, at)
        for saved in set(row.saves):
            yield _save(world, at, saved, protocol)


def _written(world: World, row: Row) -> Iterator[tuple[Act, Value]]:
    """Yield what is written into a row and is its latest secret from then on, if it is one."""
    fresh = max(secrets(row)) + 1
    yield from _enrol(world, fresh, Act.ENROL_PLAIN, Act.ENROL_SEALED)
    # Of those that nobody has any more, any is like a fresh one.
    for former in secrets(row) - {row.latest, NO_SECRET}:
        yield from _enrol(world, former, Act.PUT_BACK_PLAIN, Act.PUT_BACK_SEALED)
    if row.value.shape is Shape.PLAIN and world.has_key:
        yield Act.UPGRADE, Value(Shape.SEALED, row.value.secret)
    if row.latest:
        yield Act.DISABLE, NOTHING


def _enrol(world: World, secret: int, plain: Act, sealed: Act) -> Iterator[tuple[Act, Value]]:
    yield plain, Value(Shape.PLAIN, secret)
    if world.has_key:
        yield sealed, Value(Shape.SEALED, secret)


def _enrolled(row: Row, secret: int) -> Row:
    return row._replace(latest=secret)


def _read(world: World, begun: World, at: int) -> Iterator[Step]:
    row = world.rows[at]
    # Nobody logs in with a broken envelope, so nobody saves the row for that.
    if row.value.shape is not Shape.BROKEN:
        reading = row._replace(saves=tuple(sorted((*row.saves, row.value))))
        yield _wrote(Act.READ_FOR_SAVE, world, begun, at, reading)


def _save(world: World, at: int, saved: Value, protocol: Protocol) -> Step:
    """Write back what was read.

    A save is no enrolment. Who saves over one that came in between loses it without any help of
    ours, and what stands then is the latest; where the shield keeps the envelope, nothing is lost.
    """
    row = world.rows[at]
    left = list(row.saves)
    left.remove(saved)
    row = row._replace(saves=tuple(left))
    after = stored(world, row, saved, protocol)
    if after.value == saved:
        is_back = saved.shape is Shape.SEALED and saved != row.value
        after = _enrolled(after, saved.secret)
        after = after._replace(has_gone_back=after.has_gone_back or is_back)
    return _wrote(Act.SAVE, world, world, at, after)


def _wrote(act: Act, world: World, begun: World, at: int, row: Row) -> Step:
    return Step(act, world, begun.with_row(at, row), rows=(at,))
