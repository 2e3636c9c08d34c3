"""A login query, taken apart: what it selects, what it looks rows up by, what they must be."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import LiteralString

from psycopg import sql

# Marked, so that it is never taken for what applications ask.
SELECT: LiteralString = "SELECT /* reseal */ {columns} FROM {table} AS t WHERE {where}{limit}"

SHOWN: LiteralString = "SELECT {columns} FROM {table} WHERE {where}{limit}"

# The functions that a column may be wrapped in; each gives the same for the same value, for ever.
FUNCTIONS: dict[str, LiteralString] = {"": "{}", "lower": "lower({})", "upper": "upper({})"}

# A quoted name that would need no quotes.
_PLAIN = re.compile(r'(?<!")"([a-z_][a-z0-9_]*)"(?!")')


@dataclass(frozen=True, slots=True, order=True)
class Operand:
    """A column as it is compared: itself, or what a function makes of it; perhaps cast to text."""

    column: str
    function: str = ""
    as_text: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it is the column itself."""
        return not (self.function or self.as_text)

    @property
    def words(self) -> str:
        """Return what the name of an index calls it."""
        return f"{self.function}_{self.column}" if self.function else self.column

    def spelled(self, row: str | None = None) -> sql.Composable:
        """Return the expression, of a row that has a name or as an index has it."""
        column = sql.Identifier(row, self.column) if row else sql.Identifier(self.column)
        value = sql.SQL("{}::text").format(column) if self.as_text else column
        return sql.SQL(FUNCTIONS[self.function]).format(value)


class Holding(StrEnum):
    """What must be true of a column, without any parameter."""

    TRUE = "{}"
    FALSE = "NOT {}"
    IS_TRUE = "{} IS TRUE"
    IS_FALSE = "{} IS FALSE"
    NULL = "{} IS NULL"
    NOT_NULL = "{} IS NOT NULL"


@dataclass(frozen=True, slots=True, order=True)
class Condition:
    """A condition on a column that needs no parameter, such as a flag that must be on."""

    column: str
    holding: Holding

    def spelled(self, row: str | None = None) -> sql.Composable:
        """Return the condition, on a row that has a name or as an index has it."""
        return sql.SQL(self.holding.value).format(Operand(self.column).spelled(row))


@dataclass(frozen=True, slots=True)
class Query:
    """A query of one table: its columns, what is compared with parameters, what must hold.

    Nothing else of what an application wrote is kept: what it compared with, it is not asked for.
    """

    columns: tuple[str, ...]
    lookups: tuple[Operand, ...]
    conditions: tuple[Condition, ...] = ()
    limit: int | None = None

    @property
    def touched(self) -> set[str]:
        """Every column that it names."""
        looked_at = {one.column for one in self.lookups} | {one.column for one in self.conditions}
        return looked_at.union(self.columns)

    def parts(self, table: sql.Composable) -> dict[str, sql.Composable]:
        """Return the parts of SELECT on a table, with a placeholder for each lookup."""
        return self._parts(table, [sql.Placeholder()] * len(self.lookups), "t")

    def shown(self, table: sql.Composable) -> str:
        """Return it as a person reads it; there are no values in it."""
        numbers = [sql.SQL(f"${number}") for number, _ in enumerate(self.lookups, start=1)]
        return readable(sql.SQL(SHOWN).format(**self._parts(table, numbers, None)))

    def _parts(
        self, table: sql.Composable, values: Iterable[sql.Composable], row: str | None
    ) -> dict[str, sql.Composable]:
        columns = [Operand(column).spelled(row) for column in self.columns]
        pairs = zip(self.lookups, values, strict=True)
        where: list[sql.Composable] = [
            sql.SQL("{} = {}").format(one.spelled(row), value) for one, value in pairs
        ]
        where += [condition.spelled(row) for condition in self.conditions]
        limit = sql.SQL(" LIMIT {}").format(sql.Literal(self.limit))
        return {
            "columns": sql.SQL(", ").join(columns) if columns else sql.SQL("1"),
            "table": table,
            "where": sql.SQL(" AND ").join(where),
            "limit": sql.SQL("") if self.limit is None else limit,
        }


def readable(composed: sql.Composable) -> str:
    """Return a statement as a person reads it: without quotes where a name needs none."""
    return _PLAIN.sub(r"\1", composed.as_string())
