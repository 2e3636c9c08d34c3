"""Clean where nothing can be looked for: each step is taken once, and none is proven."""

from reseal.clean import remedies
from reseal.clean.cleaning import Step
from reseal.clean.work import Work
from reseal.store.heap import Heap

# Pages over what the rows that there are would fill, by their average size and line pointer.
FREE = """
SELECT greatest(0, pg_relation_size(c.oid) / b.size
       - ceil(c.reltuples * (r.bytes + 4) / (b.size - 24)))::bigint
FROM pg_class c, (SELECT current_setting('block_size')::int) AS b (size),
     (SELECT coalesce(avg(pg_column_size(t.*)), 100) FROM (
         SELECT * FROM {table} LIMIT 1000) AS t) AS r (bytes)
WHERE c.oid = %s
"""


def clean_unseen(work: Work, replaced: int) -> list[Step]:
    """Vacuum, and cover what the run's rows have left; `replaced` is how many it has written."""
    began = work.hands.clock()
    remedies.vacuum(work.store, work.heaps)
    if replaced:
        remedies.write_statistics(work.store)
    steps = [Step("vacuum", work.hands.clock() - began, {})]
    if not (replaced and work.policy.rewrite):
        return steps
    began = work.hands.clock()
    rows = sum(work.rewrite_last(heap, _free(work, heap)) for heap in work.heaps)
    remedies.vacuum(work.store, work.heaps)
    return [*steps, Step("rewrite", work.hands.clock() - began, {}, f"{rows:,} rows")]


def _free(work: Work, heap: Heap) -> int:
    return int(work.store.need(FREE, [heap.oid], table=heap.name)[0])
