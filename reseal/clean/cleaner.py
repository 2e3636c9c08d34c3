"""Clean by what is found: look, take the remedy of each kind of place, and look again.

The tables are vacuumed by then.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

from reseal.clean import remedies
from reseal.clean.cleaning import Step
from reseal.clean.remedies import Remedy, attempt
from reseal.clean.rewrite import these_pages
from reseal.clean.unseen import clean_unseen
from reseal.clean.work import Work
from reseal.errors import Stopped
from reseal.residue.look import Look, Search
from reseal.residue.place import Kind, Place
from reseal.residue.places import Places
from reseal.store.heap import Heap

MOST_ROUNDS = 24
_MOST_IN_VAIN = 6
# Fewer pages than these have their own rows moved; more are covered by the table's last ones.
_FEW_PAGES = 256

# Of a log of gigabytes one look, at the end, is enough, and all of it only where that is clean. A
# careful run looks no further in any.
_MOST_OF_LOGS = 512 * 1024 * 1024

_ROWS = (Kind.HEAP, Kind.TOAST)
_OF_TABLES = (*_ROWS, Kind.INDEX)
# What VACUUM and ANALYZE write.
_OF_VACUUM = (*_OF_TABLES, Kind.STATISTICS)


class Cleaner:
    """Take the steps that are due; `look` is the last look at each place."""

    def __init__(self, work: Work, search: Search, replaced: int) -> None:
        self.look = Look(())
        self._work, self._search, self._replaced = work, search, replaced
        self._places = Places.of_fields(work.store, work.targets)
        self._is_refused = False
        self._rounds = 0
        self._most_of_logs = 0 if work.hands.takes_turns else _MOST_OF_LOGS
        # Kinds of places that were looked at as a whole since anything was written there.
        self._settled = set[Kind]()

    def steps(self) -> Iterator[Step]:
        """Take every step until nothing is found or nothing helps; raise Stopped in between."""
        places = self._places
        yield self._step("before", _nothing, partial(places.every, self._most_of_logs))
        if self._is_blind:
            self._settled.difference_update(_OF_VACUUM)
            yield from clean_unseen(self._work, self._replaced)
        else:
            yield from self._rewritten()
        if self._work.policy.lock and self.look.found(_ROWS):
            look_at = partial(places.of, *_OF_TABLES)
            yield self._step("vacuum full", self._vacuum_full, look_at, _OF_VACUUM)
        if self.look.found([Kind.INDEX]):
            look_at = partial(places.of, Kind.INDEX)
            yield self._step("reindex", self._reindex, look_at, [Kind.INDEX])
        yield from self._sampled()
        if self.look.found([Kind.STATEMENTS]):
            look_at = partial(places.of, Kind.STATEMENTS)
            yield self._step("statements", self._reset_statements, look_at, [Kind.STATEMENTS])
        # What was looked at in part, or written since, is looked at as a whole.
        yield self._step("last look", _nothing, self._unsettled)
        look_at = partial(places.logs, self._most_of_logs)
        yield self._step("write-ahead log", self._switch_wal, look_at)

    def _rewritten(self) -> Iterator[Step]:
        if not self._work.policy.rewrite:
            return
        in_vain, before = 0, self.look.found(_ROWS)
        while before and self._rounds < MOST_ROUNDS and in_vain < _MOST_IN_VAIN:
            self._rounds += 1
            # A page that is full needs its own rows to go; one that holds none is filled by others.
            has_turn = self._rounds % 2 == 0
            remedy = self._move_these if has_turn and self._are_few else self._move_last
            # Where much of a table was moved, a look at all of it spares the last one.
            look_at = partial(self._again if self._are_few else self._places.of, *_OF_TABLES)
            yield self._step(f"rewrite {self._rounds}", remedy, look_at, _OF_TABLES)
            after = self.look.found(_ROWS)
            in_vain = in_vain + 1 if after == before else 0
            if self._is_refused:
                break
            before = after
        if self._rounds > 1:
            # The line pointers that were left standing go, too.
            look_at = partial(self._again, *_ROWS)
            yield self._step("vacuum again", self._vacuum_again, look_at, _OF_TABLES)

    def _sampled(self) -> Iterator[Step]:
        look_at = partial(self._places.of, Kind.STATISTICS)
        for remedy in (self._sample_again, self._sample_again, self._write_statistics):
            if self.look.found([Kind.STATISTICS]):
                yield self._step("statistics", remedy, look_at, [Kind.STATISTICS])

    def _step(
        self,
        name: str,
        remedy: Remedy,
        look_at: Callable[[], list[Place]],
        writes: Iterable[Kind] = (),
    ) -> Step:
        """Do something that writes to such places, and look at some of them."""
        if self._work.hands.stop():
            raise Stopped(f"stopped before the cleaning's step {name!r}; what is sealed stands")
        began = self._work.hands.clock()
        self._settled.difference_update(writes)
        note, self._is_refused = attempt(remedy)
        looked_at = look_at()
        self.look = self.look.merged(self._search.look(looked_at))
        in_part = {place.kind for place in looked_at if place.only is not None}
        self._settled |= {place.kind for place in looked_at} - in_part
        return Step(name, self._work.hands.clock() - began, self.look.counts(), note)

    def _again(self, *kinds: Kind) -> list[Place]:
        """Return the places where something was found, only the pages of it: no old byte moves."""
        found = {one.place.oid: one.pages for one in self.look.seen if one.found}
        return [
            replace(place, only=found[place.oid])
            for place in self._places.of(*kinds)
            if place.oid in found
        ]

    def _unsettled(self) -> list[Place]:
        return [place for place in self._places.own() if place.kind not in self._settled]

    @property
    def _are_few(self) -> bool:
        return sum(len(self.look.pages(heap.oid)) for heap in self._work.heaps) < _FEW_PAGES

    @property
    def _is_blind(self) -> bool:
        """Whether what is found in the rows' files, or not, proves nothing."""
        return any(one.unseen for one in self.look.seen if one.place.kind in _ROWS)

    @property
    def _is_out_of_line(self) -> bool:
        return bool(self.look.found([Kind.TOAST]))

    @property
    def _dirty(self) -> list[Heap]:
        """The heaps where something was found; all, where that is out of line."""
        if self._is_out_of_line:
            return self._work.heaps
        return [heap for heap in self._work.heaps if self.look.pages(heap.oid)]

    def _vacuum_again(self) -> None:
        remedies.vacuum_again(self._work.store, self._work.heaps)

    def _move_last(self) -> str:
        """Move the last rows of each heap to where old bytes are; all, for what is out of line."""
        rows, dirty_heaps = 0, self._dirty
        for heap in dirty_heaps:
            dirty = len(self.look.pages(heap.oid))
            # Whatever else is free may be taken first, and more of it in later rounds.
            count = heap.pages if self._is_out_of_line else (dirty + bool(dirty)) * self._rounds
            rows += self._work.rewrite_last(heap, count, anew=self._is_out_of_line)
        remedies.vacuum_again(self._work.store, dirty_heaps)
        return f"{rows:,} rows"

    def _move_these(self) -> str:
        """Fill the pages up until their rows have left them, then let others have the room.

        Versions are written over old bytes, and their line pointers over what is left in between.
        """
        rows, store, heaps = 0, self._work.store, self._dirty
        for heap in heaps:
            pages = self.look.pages(heap.oid)
            rows += self._work.rewrite(heap, these_pages(heap, pages), fills=True).rows
        remedies.vacuum_rows(store, heaps)
        for heap in heaps:
            count = len(self.look.pages(heap.oid))
            rows += self._work.rewrite_last(heap, count + bool(count))
        remedies.vacuum_rows(store, heaps)
        return f"{rows:,} rows"

    def _vacuum_full(self) -> None:
        remedies.vacuum_full(self._work.store, self._work.heaps)

    def _reindex(self) -> None:
        indexes = [one.place for one in self.look.seen if one.found]
        oids = [place.oid for place in indexes if place.kind is Kind.INDEX and place.oid]
        remedies.reindex(self._work.store, oids)

    def _sample_again(self) -> None:
        remedies.sample_again(self._work.store, self._work.targets)

    def _write_statistics(self) -> None:
        remedies.write_statistics(self._work.store)

    def _reset_statements(self) -> None:
        remedies.reset_statements(self._work.store)

    def _switch_wal(self) -> None:
        remedies.switch_wal(self._work.store)


def _nothing() -> None:
    """Only look."""
