"""Who cleans what: the tables of a run's fields, under its epochs, at its pace."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

from reseal.clean.policy import CleanPolicy
from reseal.clean.rewrite import Rewriting, Rewritten, fitting, from_the_end, rewrite
from reseal.store.catalog import Target
from reseal.store.heap import Heap
from reseal.store.store import Store
from reseal.sweep.engine import Hands
from reseal.sweep.pace import Pace
from reseal.sweep.span import Span

# Pages from which on a second connection is opened.
_WORTH_TWO = 512


@dataclass(frozen=True, slots=True)
class Work:
    """The fields with their fencing epochs, at which pace, and how far a cleaning may go.

    `beside` opens a second connection for what takes long; without it one does all.
    """

    store: Store
    targets: Sequence[Target]
    epochs: Mapping[str, int]
    policy: CleanPolicy
    pace: Pace
    hands: Hands = field(default_factory=Hands)
    beside: Callable[[], Store] | None = None

    @property
    def heaps(self) -> list[Heap]:
        """The heaps of all fields, each once."""
        return list({heap.oid: heap for one in self.targets for heap in one.heaps}.values())

    def rewrite_last(self, heap: Heap, pages: int, *, anew: bool = False) -> int:
        """Write rows at a heap's end once more, as many as so many pages take; return how many."""
        if not pages:
            return 0
        most = pages * fitting(self.store, heap)
        return self.rewrite(heap, from_the_end(self.store, heap), anew=anew, most=most).rows

    def rewrite(
        self,
        heap: Heap,
        spans: Iterable[Span],
        *,
        anew: bool = False,
        fills: bool = False,
        most: int | None = None,
    ) -> Rewritten:
        """Write rows of a heap once more, of each field that has some there; see Rewriting."""
        chosen, all_done = list(spans), Rewritten()
        done = set[str]()
        for target in self.targets:
            where = target.where.as_string(self.store.connection)
            # To move a row once is enough, whichever field it is of.
            if all(heap.oid != one.oid for one in target.heaps) or (where in done and not anew):
                continue
            done.add(where)
            epoch = self.epochs[target.field.name]
            how = Rewriting(target, epoch, self.pace, self.hands, anew, fills)
            all_done = all_done.and_more(self._rewrite(how, chosen, most))
        return all_done

    def _rewrite(self, how: Rewriting, spans: list[Span], most: int | None) -> Rewritten:
        if self.beside is None or sum(span.pages for span in spans) < _WORTH_TWO:
            return rewrite(self.store, how, spans, most)
        half = None if most is None else most // 2 + 1
        # Each takes the next span from the same list.
        left = iter(spans)
        with closing(self.beside()) as other, ThreadPoolExecutor(1) as thread:
            others = thread.submit(rewrite, other, how, left, half)
            return rewrite(self.store, how, left, half).and_more(others.result())
