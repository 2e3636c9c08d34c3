"""How long a text the column of a field may hold."""

from typing import Any

from django.db import connections

from reseal.integrations.limit import LIMIT

_ROOM = LIMIT.format(table="%s", column="%s")


def room(model: Any, column: str, using: str) -> int | None:
    """Return the most characters, or None where there is no limit.

    A model goes on saying `max_length=80` after a run has widened the column.
    """
    table = connections[using].ops.quote_name(model._meta.db_table)
    with connections[using].cursor() as cursor:
        cursor.execute(_ROOM, [table, column])
        row = cursor.fetchone()
    return row[0] if row else None
