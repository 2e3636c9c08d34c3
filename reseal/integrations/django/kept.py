"""What a save writes in place of a secret that was not changed: the column's own value."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Kept:
    """`column = column`, so that whatever stands there stays, also what was sealed meanwhile.

    It is no `F` expression: Django 6 would read those back, and a secret read is an assignment.
    """

    column: str

    def as_sql(self, _compiler: Any, connection: Any) -> tuple[str, tuple[()]]:
        """Spell it for an UPDATE, which has but one table."""
        return connection.ops.quote_name(self.column), ()
