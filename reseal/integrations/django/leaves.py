"""The document in which django-allauth keeps secrets: a save leaves those alone that it did not
change, whatever a run has made of them since the document was loaded.
"""

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

# All that are secret; the rest of a document is the package's own business.
LEAVES = ("secret", "seed", "migrated_codes")


class Loaded(dict[str, Any]):
    """A document that knows how its secrets stood when it was loaded."""

    loaded: dict[str, Any]

    @classmethod
    def of(cls, document: dict[str, Any]) -> "Loaded":
        """Hold what the database gave."""
        made = cls(document)
        made.loaded = {leaf: deepcopy(document[leaf]) for leaf in LEAVES if leaf in document}
        return made

    @property
    def unchanged(self) -> tuple[str, ...]:
        """The leaves that are as they were loaded."""
        return tuple(leaf for leaf, was in self.loaded.items() if self.get(leaf) == was)


@dataclass(frozen=True, slots=True)
class KeptLeaves:
    """A document for an UPDATE, in which these leaves are what the column has by then.

    Like `Kept` it is no expression, which Django 6 would read back.
    """

    document: Any
    column: str
    leaves: tuple[str, ...]

    def as_sql(self, _compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Spell it; a leaf that was removed meanwhile keeps the document's own."""
        column = connection.ops.quote_name(self.column)
        pairs = ", ".join(f"%s::text, {column} -> %s::text" for _ in self.leaves)
        sql = f"(%s::jsonb || jsonb_strip_nulls(jsonb_build_object({pairs})))"
        return sql, [self.document, *(leaf for leaf in self.leaves for _ in range(2))]


class KeepsLeaves:
    """Have a JSON field write only the secrets that were changed; a mix-in."""

    # Of the field that this is mixed into.
    column: str

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Note the secrets of a document that comes from the database."""
        value = super().from_db_value(value, expression, connection)  # type: ignore[misc]
        return Loaded.of(value) if isinstance(value, dict) else value

    def pre_save(self, instance: Any, add: bool) -> Any:
        """Return what a save writes."""
        document = super().pre_save(instance, add)  # type: ignore[misc]
        is_known = isinstance(document, Loaded) and not (add or instance._state.adding)
        if is_known and document.unchanged:
            return KeptLeaves(document, self.column, document.unchanged)
        return document

    def value_from_object(self, instance: Any) -> Any:
        """Return the document for serializers, some of which know plain ones only."""
        document = super().value_from_object(instance)  # type: ignore[misc]
        return dict(document) if isinstance(document, Loaded) else document

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Adapt the document, as JSON fields do."""
        if isinstance(value, KeptLeaves):
            document = super().get_db_prep_save(value.document, connection)  # type: ignore[misc]
            return replace(value, document=document)
        return super().get_db_prep_save(value, connection)  # type: ignore[misc]
