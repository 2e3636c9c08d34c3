"""Scratch tables of salted digests: what is restored to be compared, and what it is held against.

What goes in is a salted digest of each original, not the original: the comparison is as strict,
and no secret is written to disk a second time.
"""

import hashlib
from collections.abc import Iterable

from psycopg import sql

from reseal.secret import Secret
from reseal.store.store import Store

SCRATCH = """
CREATE TEMPORARY TABLE {scratch} (row_key text[] PRIMARY KEY, digest bytea NOT NULL)
ON COMMIT DROP
"""

FILL = "COPY {scratch} FROM STDIN"

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
    for part in parts:
        with store.connection.cursor().copy(statement) as copy:
            for row in part:
                copy.write_row(row)
                rows += 1
    store.execute(ANALYZE, scratch=scratch)
    return rows


def digest(salt: bytes, original: Secret) -> bytes:
    """Return the salted SHA-256 of an original."""
    return hashlib.sha256(salt + original.octets()).digest()
