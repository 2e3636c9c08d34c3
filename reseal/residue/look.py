"""A look for old secrets: every place read once, by several at a time, and what was found there."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from queue import SimpleQueue
from typing import Any, Self

from reseal.access import Access
from reseal.errors import ConnectionLost, StoreError
from reseal.residue.needles import Needles, Starts
from reseal.residue.place import CLEANED, Kind, Place, Seen
from reseal.residue.server_files import Piece, pieces, read
from reseal.store.heap import block_size
from reseal.store.store import Store
from reseal.sweep.engine import ALONE, Hands

# Two read while one waits for the server; what is compared runs outside of the interpreter's lock.
_READERS = 2


@dataclass(frozen=True, slots=True)
class Look:
    """What a look showed, place by place."""

    seen: tuple[Seen, ...]

    def found(self, kinds: Iterable[Kind] = tuple(Kind)) -> int:
        """Return how often old secrets stand in places of these kinds."""
        wanted = frozenset(kinds)
        return sum(one.found for one in self.seen if one.place.kind in wanted)

    @property
    def is_clean(self) -> bool:
        """Whether everything a run cleans was looked at, and nothing was found there."""
        return not self.found(CLEANED) and not any(
            one.unseen for one in self.seen if one.place.kind in CLEANED
        )

    def pages(self, oid: int) -> frozenset[int]:
        """Return the pages of a relation on which an old secret stands."""
        return next((one.pages for one in self.seen if one.place.oid == oid), frozenset())

    def merged(self, later: "Look") -> "Look":
        """Return this look with what a later one saw of some of its places."""
        again = {_spot(one): one for one in later.seen}
        kept = [again.pop(_spot(one), one) for one in self.seen]
        return Look((*kept, *again.values()))

    def counts(self) -> dict[str, int | None]:
        """Return by kind how often old secrets stand there; None where it is not verified."""
        counts: dict[str, int | None] = {}
        for one in self.seen:
            before = counts.get(one.place.kind.value, 0)
            blind = before is None or (one.unseen and not one.found)
            counts[one.place.kind.value] = None if blind else (before or 0) + one.found
        return counts

    def places(self) -> list[dict[str, Any]]:
        """Return every place for the evidence: what it is, its bytes, and what was found."""
        return [
            {
                "kind": one.place.kind.value,
                "place": one.place.name,
                "bytes": one.place.size,
                "found": None if one.unseen and not one.found else one.found,
                "in_part": one.in_part,
                "not_verified": one.unseen,
            }
            for one in self.seen
        ]

    def not_verified(self) -> list[str]:
        """Return, in sentences, what could not be looked at and why."""
        whys: dict[str, list[str]] = {}
        for one in self.seen:
            if one.unseen:
                whys.setdefault(one.unseen, []).append(one.place.name)
        return [f"{', '.join(names)}: {why}" for why, names in whys.items()]


def _spot(seen: Seen) -> tuple[Kind, str]:
    return seen.place.kind, seen.place.name


@dataclass(frozen=True, slots=True)
class Search:
    """Look for needles by threads that read, each over a connection that is kept between looks."""

    parts: Sequence[Needles]
    connect: Callable[[], Store]
    stores: "SimpleQueue[Store]"
    pool: ThreadPoolExecutor
    # Bytes of a page.
    block: int
    hands: Hands = ALONE

    @classmethod
    def of(
        cls, access: Access, parts: Sequence[Needles], hands: Hands = ALONE
    ) -> AbstractContextManager[Self]:
        """Look over connections that only read."""
        return cls.over(partial(access.store, "residue", read_only=True), parts, hands)

    @classmethod
    @contextmanager
    def over(
        cls, connect: Callable[[], Store], parts: Sequence[Needles], hands: Hands = ALONE
    ) -> Iterator[Self]:
        """Open a connection for each of those that read, and close them in the end."""
        readers = 1 if hands.takes_turns else _READERS
        stores: SimpleQueue[Store] = SimpleQueue()
        with ExitStack() as stack:
            stack.callback(_close, stores)
            for _ in range(readers):
                stores.put(store := connect())
            pool = stack.enter_context(ThreadPoolExecutor(readers))
            yield cls(parts, connect, stores, pool, block_size(store), hands)

    def look(self, places: Iterable[Place]) -> Look:
        """Look at places, at each once for every part of the needles."""
        # What rested while tables were rewritten may have been ended meanwhile.
        for _ in range(self.stores.qsize()):
            self.stores.put(_answering(self.stores.get(), self.connect))
        return Look(tuple(map(self._seen, places)))

    def _seen(self, place: Place) -> Seen:
        found, pages = 0, set[int]()
        try:
            for starts in self._found(place):
                found += len(starts)
                # Of the others, pages are of no use.
                if place.oid is not None:
                    pages.update((starts // self.block).tolist())
                if found and place.until_found:
                    return Seen(place, found, in_part=True)
        except ConnectionLost:
            raise
        except StoreError as error:
            return Seen(replace(place, unseen=str(error)), found)
        return Seen(place, found, frozenset(pages))

    def _found(self, place: Place) -> Iterator[Starts]:
        """Yield, piece by piece, where old secrets begin."""
        cut = list(pieces(place, self.block))
        for needles in self.parts:
            # Those that wait are cancelled where nobody takes more of them.
            yield from self.pool.map(partial(self._starts, place.kind, needles), cut)
            yield needles.starts("\n".join(place.texts).encode())

    def _starts(self, kind: Kind, needles: Needles, piece: Piece) -> Starts:
        store, began = self.stores.get(), self.hands.clock()
        try:
            octets = read(store, piece, needles.longest)
        finally:
            self.stores.put(store)
        starts = needles.starts(octets)
        # Logs grow with the server's work, and may be as long as a disk.
        if kind in CLEANED:
            self.hands.rest_from_reading(self.hands.clock() - began)
        # What begins behind the piece is the next one's.
        return starts[starts < piece.size] + piece.offset + piece.before


def _answering(store: Store, connect: Callable[[], Store]) -> Store:
    try:
        store.need("SELECT true")
    except ConnectionLost:
        store.close()
        return connect()
    return store


def _close(stores: "SimpleQueue[Store]") -> None:
    while not stores.empty():
        stores.get().close()
