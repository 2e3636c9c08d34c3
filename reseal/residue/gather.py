"""Gather the old secrets of some fields as needles, in parts that each fit into memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from reseal.access import Access
from reseal.backup import table, take
from reseal.errors import KekError
from reseal.residue.needles import Needles, bits_for
from reseal.residue.originals import Backups
from reseal.store.store import Store
from reseal.sweep.engine import ALONE, Hands

_AT_ONCE = 50_000


@dataclass(slots=True)
class Gathered:
    """Old secrets in parts, and why those of a backup are not among them."""

    parts: list[Needles] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def secrets(self) -> int:
        """How many old secrets are looked for."""
        return sum(needles.secrets for needles in self.parts)

    def not_verified(self) -> list[str]:
        """Return, in sentences, which old secrets are not looked for."""
        plain = sum(needles.plain for needles in self.parts)
        said = f"{plain} old secrets that are so short or plain that any file has them by chance"
        return [*self.missing, *([said] if plain else [])]


def gather(
    access: Access, store: Store, backups: Sequence[Backups], hands: Hands = ALONE
) -> Gathered:
    """Open every backup and return what its secrets are found by."""
    gathered, bits = Gathered(), bits_for(_rows(store, backups))
    for values in _together(_values(access, store, backups, gathered.missing, hands)):
        if not gathered.parts or gathered.parts[-1].is_full:
            gathered.parts.append(Needles(bits))
        gathered.parts[-1].add(values)
    for needles in gathered.parts:
        needles.settle()
    return gathered


def _rows(store: Store, backups: Sequence[Backups]) -> int:
    sets = ((run_id, one.target.field.name) for one in backups for run_id in one.run_ids)
    return sum(table.need(store, *which).rows or 0 for which in sets)


def _together(parts: Iterable[list[bytes]]) -> Iterator[list[bytes]]:
    """Join parts, as each one that is added takes a hundred steps, however few are in it."""
    some: list[bytes] = []
    for part in parts:
        some += part
        if len(some) >= _AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _values(
    access: Access,
    store: Store,
    backups: Iterable[Backups],
    missing: list[str],
    hands: Hands,
) -> Iterator[list[bytes]]:
    for backup in backups:
        name = backup.target.field.name
        for run_id in backup.run_ids:
            try:
                cipher = take.cipher(store, run_id, name, access.backup_kek())
            except KekError as error:
                missing.append(f"what run {run_id} backed up of {name}: {error}")
            else:
                yield from backup.values(store, cipher, hands)
