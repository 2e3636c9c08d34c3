"""The one question that can be asked of a sealed column: whether there is a secret."""

from typing import Any

from django.core.exceptions import FieldError
from django.db.models.lookups import Exact


class SealedExact(Exact):
    """Equality with a value that means no secret; any other is refused."""

    def get_prep_lookup(self) -> Any:
        """Return the value to compare with; raise FieldError for a secret or an expression."""
        field = self.lhs.output_field
        if self.rhs is None or field.is_empty(self.rhs):
            return self.rhs
        raise not_searchable(field)


def not_searchable(field: object) -> FieldError:
    """Say why there is no such lookup."""
    return FieldError(
        f"{field} is sealed, and a sealed value cannot be searched; find the row by another field"
    )
