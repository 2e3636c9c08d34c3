"""The shield: what it keeps, what it marks, and which backups it asks.

It is a trigger, so that it stands or does not, whatever becomes of runs. It knows what an envelope
holds from the backups, and only while nothing can have been written past it.
"""

from tests.model.protocol import Marks, Protocol, Shield
from tests.model.world import NO_SECRET, NOTHING, Row, Shape, Value, World


def raised(world: World, protocol: Protocol, number: int) -> World:
    """Return the world in which the shield stands over what a run will back up."""
    over = world if world.is_shielded else dropped(world, protocol)
    return over._replace(is_shielded=True, shielded=(*over.shielded, number))


def unraised(world: World, protocol: Protocol, number: int) -> World:
    """Return the world in which a run backs up without the shield, of which nothing counts."""
    bare = dropped(world, protocol)
    return bare._replace(shielded=(number,)) if protocol.counts_unraised else bare


def dropped(world: World, protocol: Protocol) -> World:
    """Return the world without the shield, and with all forgotten that it knew."""
    shielded = () if protocol.forgets_backups else world.shielded
    rows = tuple(row._replace(is_marked=False) for row in world.rows)
    return world._replace(rows=rows, is_shielded=False, shielded=shielded)


def stored(world: World, row: Row, value: Value, protocol: Protocol) -> Row:
    """Write an application's value past the shield, which may keep what stands there."""
    if not world.is_shielded:
        return row.written(value)
    if _is_sealed(row.value) and value.shape is Shape.PLAIN:
        keeps = _keeps(world, row, value.secret, protocol)
        return row.written(row.value if keeps else value)
    written = row.written(value)
    if _is_sealed(value) and value != row.value and _sees(row, protocol):
        return written._replace(is_marked=True)
    return written


def _is_sealed(value: Value) -> bool:
    return value.shape in (Shape.SEALED, Shape.BROKEN)


def _sees(row: Row, protocol: Protocol) -> bool:
    # A row that is deleted is an empty one here, and an INSERT under its key writes there.
    return protocol.marks is not Marks.OF_UPDATES or row.value != NOTHING


def _keeps(world: World, row: Row, secret: int, protocol: Protocol) -> bool:
    """Say whether the plaintext is what the envelope holds, as far as the shield knows."""
    match protocol.shield:
        case Shield.NEWEST:
            is_known = protocol.marks is Marks.NONE or not row.is_marked
            return is_known and _newest_original(world, row) == secret
        case Shield.ORIGINALS:
            return any(mark.kept == secret for mark in row.marks)
        case Shield.ANY:
            return True
        case Shield.NONE:
            return False


def _newest_original(world: World, row: Row) -> int:
    """Return the original in the newest backup that has the row and counts."""
    kept = (row.marks[number].kept for number in reversed(world.shielded))
    return next(filter(None, kept), NO_SECRET)
