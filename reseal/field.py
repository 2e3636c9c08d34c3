"""A field: a column that holds secrets, as reseal.toml describes it."""

from dataclasses import dataclass

from reseal.place import KeyPart, Place
from reseal.shape import Shape, shape_of


@dataclass(frozen=True, slots=True)
class Field:
    """Describe one field; `name` is bound into every envelope and never changes.

    `key` empty means the table's primary key. `where` is SQL of the operator's own.
    """

    name: str
    schema: str
    table: str
    column: str
    key: tuple[str, ...] = ()
    format: str = "base32"
    where: str | None = None
    empty: frozenset[str] = frozenset({""})
    binds_row: bool = True

    @property
    def qualified_table(self) -> str:
        """The table as a person writes it."""
        return f"{self.schema}.{self.table}"

    def shape(self, text: str | None) -> Shape:
        """Tell what a value of this field's column is."""
        return shape_of(text, self.format, self.empty)

    def place(self, key: tuple[KeyPart, ...]) -> Place:
        """Return the place of a row's secret, which its envelope is bound to."""
        return Place(self.name, self.bound_key(key))

    def bound_key(self, key: tuple[KeyPart, ...]) -> tuple[KeyPart, ...]:
        """Return what of the row key is bound: all of it, or nothing with `bind = "field"`."""
        return key if self.binds_row else ()
