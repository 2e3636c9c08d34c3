"""Which places there are to look at, once what is in memory is in the files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

from reseal.residue.place import Kind, Place
from reseal.residue.relations import compresses, relation_places, statistics_places
from reseal.residue.server_files import FileRights, log_places, statements
from reseal.store.catalog import Target
from reseal.store.store import Store


@dataclass(frozen=True, slots=True)
class Places:
    """The places of some fields' tables, and those of the whole server, anew at each asking.

    `hides` says whether values of the tables are compressed, which takes a look at all of them.
    """

    store: Store
    targets: Sequence[Target]
    hides: bool

    @classmethod
    def of_fields(cls, store: Store, targets: Sequence[Target]) -> Self:
        """Ask once what no cleaning changes."""
        return cls(store, targets, any(compresses(store, target) for target in targets))

    def every(self, most_of_logs: int | None = None) -> list[Place]:
        """Return all of them; the logs only where they have no more bytes than that."""
        rights = FileRights.of(self.store)
        logs = list(log_places(self.store, rights))
        is_much = most_of_logs is not None and _size(logs) > most_of_logs
        return [*self._own(rights), *([] if is_much else logs)]

    def own(self) -> list[Place]:
        """Return those that a run can clean: relations, statistics, statements."""
        return self._own(FileRights.of(self.store))

    def logs(self, most_counted: int) -> list[Place]:
        """Return the write-ahead log and the server's log.

        What is in them is counted only where they have no more bytes than that.
        """
        logs = list(log_places(self.store, FileRights.of(self.store)))
        is_much = _size(logs) > most_counted
        return [replace(log, until_found=is_much) for log in logs]

    def of(self, *kinds: Kind) -> list[Place]:
        """Return those of some kinds among what a run can clean."""
        return [place for place in self.own() if place.kind in kinds]

    def _own(self, rights: FileRights) -> list[Place]:
        kept = statements(self.store)
        return [
            *relation_places(self.store, self.targets, rights.files, hides=self.hides),
            *statistics_places(self.store, rights.files),
            *([kept] if kept else []),
        ]


def _size(places: Iterable[Place]) -> int:
    return sum(place.size for place in places)
