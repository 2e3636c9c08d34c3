"""What applications do, which know nothing of runs."""

from collections.abc import Iterator

from tests.model.acts import Act, Step
from tests.model.protocol import Protocol, Shield
from tests.model.world import NO_SECRET, NOTHING, Row, Shape, Value, World, secrets


def application(world: World, protocol: Protocol) -> Iterator[Step]:
    """Yield what an application may do next."""
    for at, row in enumerate(world.rows):
        if world.writes:
            begun = world._replace(writes=world.writes - 1)
            yield from _enrol(world, begun, at, protocol)
            yield from _read(world, begun, at)
        for saved in set(row.saves):
            yield _save(world, at, saved, protocol)


def _enrol(world: World, begun: World, at: int, protocol: Protocol) -> Iterator[Step]:
    row = world.rows[at]
    fresh = max(secrets(row)) + 1
    stored = _stored(world, row, Value(Shape.PLAIN, fresh), protocol)
    yield _wrote(Act.ENROL_PLAIN, world, begun, at, _enrolled(stored, fresh))
    if world.has_key:
        sealed = row.written(Value(Shape.SEALED, fresh))
        yield _wrote(Act.ENROL_SEALED, world, begun, at, _enrolled(sealed, fresh))
    if row.latest:
        yield _wrote(Act.DISABLE, world, begun, at, _enrolled(row.written(NOTHING), NO_SECRET))


def _enrolled(row: Row, secret: int) -> Row:
    return row._replace(latest=secret, has_gone_back=False)


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
    stored = _stored(world, row, saved, protocol)
    if stored.value == saved:
        has_gone_back = row.has_gone_back or row.latest != saved.secret
        stored = stored._replace(latest=saved.secret, has_gone_back=has_gone_back)
    return _wrote(Act.SAVE, world, world, at, stored)


def _stored(world: World, row: Row, value: Value, protocol: Protocol) -> Row:
    """Write a value past the shield, which may keep what stands there."""
    was_sealed = row.value.shape in (Shape.SEALED, Shape.BROKEN)
    if world.is_shielded and was_sealed and value.shape is Shape.PLAIN:
        is_original = any(mark.kept == value.secret for mark in row.marks)
        if protocol.shield is Shield.ANY or (protocol.shield is Shield.ORIGINALS and is_original):
            return row.written(row.value)
    return row.written(value)


def _wrote(act: Act, world: World, begun: World, at: int, row: Row) -> Step:
    return Step(act, world, begun.with_row(at, row), rows=(at,))
