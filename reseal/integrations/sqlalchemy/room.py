"""How long a text a column may hold by now; a model goes on saying what it was made with."""

from typing import Any

from sqlalchemy import Column, Connection, text

from reseal.integrations.limit import LIMIT

_LIMIT = text(LIMIT.format(table=":table", column=":column"))


class Room:
    """The room in one column, which is asked for until a run has widened it."""

    def __init__(self, column: Column[Any]) -> None:
        self._column = column
        self._declared: int | None = getattr(column.type, "length", None)
        self.is_wide = self._declared is None

    def holds(self, connection: Connection, stored: str | bytes) -> bool:
        """Say whether a value fits."""
        if self.is_wide or isinstance(stored, bytes) or len(stored) <= (self._declared or 0):
            return True
        table = connection.dialect.identifier_preparer.format_table(self._column.table)
        words = {"table": table, "column": self._column.name}
        limit = connection.scalar(_LIMIT, words)
        self.is_wide = limit is None
        return limit is None or len(stored) <= limit
