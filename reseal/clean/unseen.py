"""Clean where nothing can be looked for: each step is taken once, and none is proven.

The tables are vacuumed by then.
"""

from collections.abc import Iterator
from functools import partial

from reseal.clean import remedies
from reseal.clean.cleaning import Step
from reseal.clean.remedies import Remedy, attempt
from reseal.clean.rewrite import fitting
from reseal.clean.work import Work
from reseal.store.heap import Heap

FILLED = """
SELECT pg_relation_size(oid) / current_setting('block_size')::int, greatest(reltuples, 0)::bigint
FROM pg_class WHERE oid = %s
"""


def clean_unseen(work: Work, replaced: int) -> Iterator[Step]:
    """Cover what the run's rows have left; `replaced` is how many it has written."""
    if replaced:
        yield _step(work, "statistics", partial(remedies.write_statistics, work.store))
    if replaced and work.policy.rewrite:
        yield _step(work, "rewrite", partial(_rewrite, work))


def _step(work: Work, name: str, remedy: Remedy) -> Step:
    began = work.hands.clock()
    note, _ = attempt(remedy)
    return Step(name, work.hands.clock() - began, {}, note)


def _rewrite(work: Work) -> str:
    rows = sum(work.rewrite_last(heap, _free(work, heap)) for heap in work.heaps)
    remedies.vacuum_again(work.store, work.heaps)
    return f"{rows:,} rows"


def _free(work: Work, heap: Heap) -> int:
    """Return how many pages there are over what the rows would fill, and some for good measure."""
    pages, rows = work.store.need(FILLED, [heap.oid])
    free = pages - rows // fitting(work.store, heap) if rows else 0
    return -(-free * 5 // 4) if free > 0 else 0
