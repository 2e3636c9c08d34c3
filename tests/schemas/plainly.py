"""The commonest table: a number, a note, and one column with a secret."""

from collections.abc import Iterable
from typing import Any

from tests.schemas.schema import Kept, Schema
from tests.schemas.values import numbered

COLUMNS = ("id", "note", "secret")


def plainly(
    name: str,
    type_: str,
    what: str,
    how: str,
    cells: Iterable[Any],
    *,
    before: str = "",
    behind: str = "",
    after: tuple[str, ...] = (),
    told: tuple[str, ...] = (),
    is_bytes: bool = False,
    **words: Any,
) -> Schema:
    """Such a table, whose column has this type; `before` and `behind` are more SQL."""
    table = f"CREATE TABLE {name} (id int PRIMARY KEY, note text NOT NULL, secret {type_})"
    return Schema(
        name, what, how,
        ddl=f"{before}; {table}; {behind}",
        fields=(Kept({"column": "secret"} | words, is_bytes=is_bytes),),
        columns=COLUMNS,
        rows=numbered(*cells),
        after=after,
        told=told,
    )  # fmt: skip


def type_is(table: str, column: str, type_: str) -> str:
    """The condition that a column has this type now."""
    return (
        "SELECT format_type(atttypid, atttypmod) = "
        f"'{type_}' FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attname = '{column}'"
    )
