"""What a field's table takes on disk: its heaps, their indexes and their TOAST."""

from dataclasses import dataclass
from typing import Any

from reseal.census import Census
from reseal.store.catalog import Target
from reseal.store.store import Store

# The TOAST of a heap counts with its index, as it is of no use without.
SIZES = """
SELECT coalesce(sum(pg_relation_size(oid)), 0)::bigint,
       coalesce(sum(pg_indexes_size(oid)), 0)::bigint,
       coalesce(sum(pg_total_relation_size(nullif(reltoastrelid, 0))), 0)::bigint
FROM pg_class WHERE oid = ANY (%s)
"""


@dataclass(frozen=True, slots=True)
class Storage:
    """Bytes on disk, and how many rows they are for; the rows of all heaps of the table."""

    rows: int
    heap_bytes: int
    index_bytes: int
    toast_bytes: int

    def as_dict(self) -> dict[str, Any]:
        """Return it for the evidence."""
        return {
            "rows": self.rows,
            "heap_bytes": self.heap_bytes,
            "index_bytes": self.index_bytes,
            "toast_bytes": self.toast_bytes,
        }


def measure(store: Store, target: Target, census: Census) -> Storage:
    """Ask the server for the sizes; rows are as counted, or estimated where a field has not all."""
    heaps = [heap.oid for heap in target.heaps]
    rows = max(target.rows, census.rows) if target.field.where else census.rows
    return Storage(rows, *map(int, store.need(SIZES, [heaps])))
