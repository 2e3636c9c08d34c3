"""A field: a column, or a leaf of the documents in it, that holds secrets; see reseal.toml."""

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field

from reseal.path import Path
from reseal.place import KeyPart, Place
from reseal.shape import Shape, pattern_of, shape_of, shapes_of
from reseal.totp_parameters import TotpParameters


@dataclass(frozen=True, slots=True)
class Field:
    """Describe one field; `name` is bound into every envelope and never changes.

    `key` empty means the table's primary key. `where` is SQL of the operator's own. `path` leads
    to the leaves where the column holds documents. `declared` says that whatever the format's
    alphabet allows is plaintext. `bound_as` is the name in the envelopes, where that is not the
    field's own. `keeps_aside`: the envelope stands in a table of Reseal's and
    the column holds a mark. `skips_triggers`: a sweep sets off no trigger of the application's;
    `fires_triggers`: the operator wrote that it does, and knows what they do. `totp` is how codes
    are made of the secrets.
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
    bound_as: str | None = None
    path: Path | None = None
    declared: bool = False
    keeps_aside: bool = False
    skips_triggers: bool = False
    fires_triggers: bool = False
    totp: TotpParameters = dataclass_field(default_factory=TotpParameters)

    @property
    def qualified_table(self) -> str:
        """The table as a person writes it."""
        return f"{self.schema}.{self.table}"

    @property
    def bound_name(self) -> str:
        """The name that is bound into the field's envelopes."""
        return self.bound_as or self.name

    @property
    def pattern(self) -> str:
        """The regular expression of what is plaintext here, for Python and PostgreSQL alike."""
        return pattern_of(self.format, self.declared)

    def shape(self, text: str | None) -> Shape:
        """Tell what a value is that stands where this field's secrets stand."""
        return shape_of(text, self.format, self.empty, self.declared)

    def shapes(self, texts: Sequence[str]) -> list[Shape]:
        """Tell the same of many values."""
        return shapes_of(texts, self.format, self.empty, self.declared)

    def bound_keys(self, keys: Sequence[tuple[KeyPart, ...]]) -> Sequence[tuple[KeyPart, ...]]:
        """Return what of many row keys is bound."""
        return keys if self.binds_row else [()] * len(keys)

    def place(self, key: tuple[KeyPart, ...]) -> Place:
        """Return the place of a row's secret, which its envelope is bound to."""
        return Place(self.bound_name, self.bound_key(key))

    def bound_key(self, key: tuple[KeyPart, ...]) -> tuple[KeyPart, ...]:
        """Return what of the row key is bound: all of it, or nothing with `bind = "field"`."""
        return key if self.binds_row else ()
