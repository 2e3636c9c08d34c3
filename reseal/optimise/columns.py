"""The columns of a field's table, as far as an index is concerned."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from reseal.store.catalog import Target
from reseal.store.store import Store

COLUMNS = """
SELECT a.attname, a.atttypid = 'boolean'::regtype, t.typlen > 0
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""


class Kind(NamedTuple):
    """What a column's type is like: a flag, or of a width that no value exceeds."""

    is_flag: bool
    is_fixed: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table by name; `secret` ones are of some field, and in no index."""

    kinds: dict[str, Kind]
    key: tuple[str, ...]
    secret: frozenset[str]

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, in the order of the table."""
        return tuple(self.kinds)

    def fits(self, name: str) -> bool:
        """Say whether an index may hold the column beside what it is looked up by.

        A value that is too long for an index would make the application's own write fail.
        """
        return name not in self.secret and (self.kinds[name].is_fixed or name in self.key)


def columns_of(store: Store, target: Target, secret: Iterable[str] = ()) -> Columns:
    """Look the columns of a table up; those of other fields on it are `secret`, too."""
    kinds = {name: Kind(*rest) for name, *rest in store.execute(COLUMNS, [target.oid])}
    key = tuple(column.name for column in target.key)
    return Columns(kinds, key, frozenset({*secret, target.field.column}))
