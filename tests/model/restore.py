"""What a rollback puts back: where it is certain that what stands there is what the run wrote."""

from tests.model.protocol import Mends, Protocol
from tests.model.world import NO_SECRET, NOTHING, Row, Shape, Value


def original(row: Row, undone: int, protocol: Protocol, *, is_shielded: bool) -> Value:
    """Return the original if what stands in the row is what the run wrote, or else nothing."""
    kept = row.marks[undone].kept
    if kept == NO_SECRET:
        return NOTHING
    if row.value.shape is Shape.BROKEN:
        is_theirs = _is_to_be_mended(row, undone, protocol, is_shielded=is_shielded)
    else:
        is_theirs = _is_theirs(row, undone, protocol) or not protocol.compares
    return Value(Shape.PLAIN, kept) if is_theirs else NOTHING


def _is_theirs(row: Row, undone: int, protocol: Protocol) -> bool:
    is_same = row.value.secret == row.marks[undone].kept
    return row.value.shape is Shape.SEALED and is_same and not _has_later(row, undone, protocol)


def _is_to_be_mended(row: Row, undone: int, protocol: Protocol, *, is_shielded: bool) -> bool:
    if protocol.mends in (Mends.ANY, Mends.NONE):
        return protocol.mends is Mends.ANY
    # What an application has written past the shield, or a later run has met, is of another secret.
    was_watched = is_shielded or protocol.mends is Mends.UNSHIELDED
    is_unmarked = not row.is_marked or protocol.mends is Mends.MARKED
    is_known = was_watched and is_unmarked and not _has_later(row, undone, protocol)
    return row.marks[undone].is_own or is_known


def _has_later(row: Row, undone: int, protocol: Protocol) -> bool:
    later = row.marks[undone + 1 :]
    return protocol.looks_for_later and any(mark.kept for mark in later)
