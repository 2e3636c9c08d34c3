"""Advice on how the secret's column is stored: ciphertext is compressed in vain."""

from typing import NamedTuple

from psycopg import sql

from reseal import envelope
from reseal.advice.advice import Advice
from reseal.sizes import readable
from reseal.store.catalog import Target
from reseal.store.heap_statistics import HeapStatistics
from reseal.store.store import Store

# An empty compression is the server's default.
STORED = """
SELECT a.attrelid, a.attstorage::text, coalesce(nullif(a.attcompression::text, ''),
       left(s.setting, 1)), 'lz4' = ANY (s.enumvals)
FROM pg_attribute AS a CROSS JOIN pg_settings AS s
WHERE a.attrelid = ANY (%s::oid[]) AND a.attname = %s AND s.name = 'default_toast_compression'
"""

_EXTENDED, _MAIN = "x", "m"
_PGLZ = "p"
# A base32 secret of 20 bytes.
_USUAL_SECRET = 32


class Stored(NamedTuple):
    """How a column is stored: its strategy and compression, and whether the server knows lz4."""

    storage: str
    compression: str
    knows_lz4: bool


def stored(store: Store, target: Target) -> dict[int, Stored]:
    """Return by heap how the secret's column is stored."""
    values = [[heap.oid for heap in target.heaps], target.field.column]
    return {oid: Stored(*rest) for oid, *rest in store.execute(STORED, values)}


def advise(target: Target, heap: HeapStatistics, row_bytes: float, how: Stored) -> Advice | None:
    """Advise another storage or compression where a heap's rows are so wide that TOAST acts."""
    whole = row_bytes + heap.outside_bytes / max(1, heap.live, heap.heap.rows)
    # Below the threshold nothing is compressed; and of a mark there is nothing to compress.
    if whole <= heap.toast_target or target.field.keeps_aside:
        return None
    if target.is_document:
        word = "COMPRESSION lz4" if how.compression == _PGLZ and how.knows_lz4 else None
    else:
        word = _storage(heap, row_bytes, how)
    if word is None:
        return None
    column = sql.Identifier(target.field.column).as_string()
    table = heap.heap.name.as_string()
    return Advice(
        heap.heap.qualified,
        f"SET {word} on {target.field.column}",
        _why(target, heap, whole, word),
        f"ALTER TABLE {table} ALTER COLUMN {column} SET {word};",
    )


def _storage(heap: HeapStatistics, row_bytes: float, how: Stored) -> str | None:
    if row_bytes > heap.toast_target:
        return "STORAGE EXTERNAL" if how.storage in (_EXTENDED, _MAIN) else None
    return "STORAGE MAIN" if how.storage == _EXTENDED else None


def _why(target: Target, heap: HeapStatistics, whole: float, word: str) -> str:
    long = envelope.length(_USUAL_SECRET, 1)
    wide = (
        f"A row has {whole:,.0f} bytes on average, of all rows {readable(heap.outside_bytes)} are "
        f"in TOAST, and from {heap.toast_target:,} on PostgreSQL tries to make one shorter."
    )
    later = "It holds for what is written from now on."
    if target.is_document:
        why = "The ciphertext in a document does not get shorter; lz4 finds that out sooner."
    elif word.endswith("EXTERNAL"):
        why = (
            f"An envelope of {long} characters does not get shorter: it is compressed in vain with "
            "each write. EXTERNAL leaves that out."
        )
    else:
        why = (
            f"An envelope of {long} characters does not get shorter, and each login reads it. MAIN "
            "keeps it in the row as long as other columns can go outside, and tries to compress "
            "it only after that."
        )
    return f"{wide} {why} {later}"
