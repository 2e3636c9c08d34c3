"""What backups there are: of which run and field, how many rows, until when, copied where."""

from typing import Any

from reseal.store.store import Store

INVENTORY = """
SELECT s.run_id::text, s.field, s.created, coalesce(h.rows, s.rows, 0), coalesce(h.late, 0),
       s.proven, s.expires, s.expires <= clock_timestamp(), s.kek, s.copies, s.shredded,
       s.shredded_by, coalesce(h.bytes, 0)
FROM {reseal}.backup_set AS s LEFT JOIN (
    SELECT run_id, field, count(*) AS rows, count(*) FILTER (WHERE late) AS late,
           sum(octet_length(sealed))::bigint AS bytes
    FROM {reseal}.backup GROUP BY run_id, field) AS h USING (run_id, field)
ORDER BY s.created, s.field
"""

_WORDS = (
    "run_id", "field", "taken", "rows", "late_rows", "proven", "expires", "expired", "kek",
    "copies", "shredded", "shredded_by", "bytes",
)  # fmt: skip


def inventory(store: Store) -> list[dict[str, Any]]:
    """Return every backup's record; of one that was shredded, how many rows it had.

    `rows` counts those of `late_rows` too, and `bytes` the sealed originals without their keys.
    """
    return [dict(zip(_WORDS, row, strict=True)) for row in store.execute(INVENTORY)]
