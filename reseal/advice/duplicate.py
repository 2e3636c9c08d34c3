"""Advice on indexes that another one serves as well: equal, or the first columns of it."""

from collections.abc import Iterable

from reseal.advice.advice import Advice
from reseal.advice.index import Index, by_name
from reseal.sizes import readable
from reseal.store.catalog import Target

# Only in a B-tree are the first columns as good as an index over them alone.
_ORDERED = "btree"


def advise(target: Target, indexes: Iterable[Index]) -> list[Advice]:
    """Advise to drop each index that another one of the same heap covers."""
    found = tuple(indexes)
    covering = {index.oid: other for index in found if (other := _covering(index, found))}
    return [
        _advice(target, parts, [covering[part.oid] for part in parts])
        for parts in by_name(index for index in found if index.oid in covering)
        if _is_everywhere(parts, found)
    ]


def _is_everywhere(parts: list[Index], found: tuple[Index, ...]) -> bool:
    """Say whether all parts are covered, as only all can be dropped."""
    return len(parts) == sum(index.quoted == parts[0].quoted for index in found)


def _covering(index: Index, found: tuple[Index, ...]) -> Index | None:
    if index.is_unique:
        return None
    return next((other for other in found if _covers(other, index)), None)


def _covers(other: Index, index: Index) -> bool:
    if other.oid == index.oid or other.heap_oid != index.heap_oid or not other.is_valid:
        return False
    if (other.method, other.predicate) != (index.method, index.predicate):
        return False
    if set(index.columns) - set(other.columns):
        return False
    if other.keys == index.keys:
        return not _is_same(other, index) or _stays(other, index)
    return index.method == _ORDERED and other.keys[: len(index.keys)] == index.keys


def _is_same(other: Index, index: Index) -> bool:
    return set(other.columns) == set(index.columns)


def _stays(other: Index, index: Index) -> bool:
    """Say which of two that are the same is to stay: what keeps something unique, or the older."""
    return other.is_unique or other.oid < index.oid


def _advice(target: Target, parts: list[Index], others: list[Index]) -> Advice:
    index, other = parts[0], others[0]
    same = other.keys == index.keys and _is_same(other, index)
    how = "is the same" if same else "begins with the same columns and has all that is in it"
    why = (
        f"{other.name} {how}, with the same operator classes and predicate. {index.name} takes "
        f"{readable(sum(part.bytes for part in parts))} and was scanned "
        f"{sum(part.scans for part in parts):,} times, {other.name} takes "
        f"{readable(sum(part.bytes for part in others))}."
    )
    what = f"drop the index {index.name}, a duplicate of {other.name}"
    return Advice(target.field.qualified_table, what, why, index.drop)
