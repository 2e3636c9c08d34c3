"""The ledger of a run in a file: a line a batch, and the Merkle root of the lines."""

import csv
import io
from collections.abc import Iterator
from uuid import UUID

from reseal.evidence import merkle
from reseal.store.store import Store

BATCHES = "batches.csv"
COLUMNS = (
    "batch_id", "field", "epoch", "turn", "pass", "heap", "first_page", "after_page",
    "key_version", "rows_read", "changed", "moved", "locked", "settled", "empty", "quarantined",
    "left_alone", "seals", "written",
)  # fmt: skip

LEDGER = """
SELECT batch_id, field, epoch, turn, pass, heap, first_page, after_page, key_version, rows_read,
       changed, moved, locked, settled, empty, quarantined, left_alone, seals, written
FROM {reseal}.batch WHERE run_id = %s ORDER BY batch_id
"""


def ledger_table(store: Store, run_id: UUID) -> Iterator[list[str]]:
    """Yield the batches of a run in the order in which they were written."""
    for row in store.execute(LEDGER, [run_id]):
        yield ["" if value is None else str(value) for value in (*row[:-1], row[-1].isoformat())]


def table_bytes(rows: Iterator[list[str]]) -> bytes:
    """Return the file: a heading, then a line a batch (RFC 4180)."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([COLUMNS, *rows])
    return text.getvalue().encode()


def merkle_root(content: bytes) -> str:
    """Return the Merkle root over the file's lines but the heading, each without its line end."""
    return merkle.root(content.split(b"\r\n")[1:-1])


def count(content: bytes) -> int:
    """Return how many batches a file holds."""
    return max(0, content.count(b"\r\n") - 1)
