"""Scratch tables of salted digests: what is restored to be compared, and what it is held against.

What goes in is a salted digest of each original, not the original: the comparison is as strict,
and no secret is written to disk a second time.
"""

from collections.abc import Iterable
from itertools import repeat

from psycopg import sql

from reseal.backup.coverage import digests
from reseal.secret import Secret, Secrets
from reseal.store.binary_copy import copy_in, field, row_head, text_arrays
from reseal.store.store import Store

SCRATCH = """
CREATE TEMPORARY TABLE {scratch} (row_key text[] NOT NULL, digest bytea NOT NULL) ON COMMIT DROP
"""

FILL = "COPY {scratch} FROM STDIN (FORMAT BINARY)"

ANALYZE = "ANALYZE {scratch}"

RESTORED = sql.Identifier("pg_temp", "reseal_restored")
STANDING = sql.Identifier("pg_temp", "reseal_standing")
ROWS_AT_ONCE = 5000

Digests = Iterable[tuple[list[str], bytes]]


def fill(store: Store, scratch: sql.Identifier, parts: Iterable[Digests]) -> int:
    """Make a scratch table of these rows, gone with the transaction; return how many."""
    rows = 0
    store.execute(SCRATCH, scratch=scratch)
    statement = sql.SQL(FILL).format(scratch=scratch)
    for part in map(list, parts):
        if part:
            keys, made = zip(*part, strict=True)
            spelled = zip(repeat(row_head(2)), text_arrays(keys), map(field, made))
            copy_in(store, statement, map(b"".join, spelled))
            rows += len(part)
    store.execute(ANALYZE, scratch=scratch)
    return rows


def digest(salt: bytes, original: Secret) -> bytes:
    """Return the salted SHA-256 of an original."""
    (one,) = digests(salt, Secrets([original.octets()]))
    return one
