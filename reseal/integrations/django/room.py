"""How long a text the column of a field may hold."""

from typing import Any

from django.db import connections

_ROOM = """
SELECT CASE WHEN atttypid IN ('varchar'::regtype, 'bpchar'::regtype) AND atttypmod > 4
            THEN atttypmod - 4 END
FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = %s
"""


def room(model: Any, column: str, using: str) -> int | None:
    """Return the most characters, or None where there is no limit.

    A model goes on saying `max_length=80` after a run has widened the column.
    """
    table = connections[using].ops.quote_name(model._meta.db_table)
    with connections[using].cursor() as cursor:
        cursor.execute(_ROOM, [table, column])
        row = cursor.fetchone()
    return row[0] if row else None
