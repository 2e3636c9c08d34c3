"""The application's own table of users, as `Users` reads and writes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import sql

from reseal.errors import FieldError
from reseal.field import Field
from reseal.steps import Steps, transaction
from reseal.store import key_kind
from reseal.store.store import Statement, verbatim

COLUMNS = """
SELECT a.attname, a.attnotnull FROM pg_attribute AS a
WHERE a.attrelid = to_regclass(format('%%I.%%I', %s::text, %s::text))
  AND a.attnum > 0 AND NOT a.attisdropped
"""

FIND = "SELECT {key}, {email}, {enabled} FROM {table} AS t WHERE {is_user} AND ({where})"

LOOK = "SELECT {stored}, t.xmin::text, t.ctid::text FROM {table} AS t WHERE {is_row} AND ({where})"

REPLACE = """
UPDATE {table} AS t SET {stored} = %(stored)s {also}
WHERE {is_row} AND ({where}) RETURNING 1
"""

# The row version that was read, or nothing: whoever enrolled anew meanwhile keeps that.
RESEAL = """
UPDATE {table} AS t SET {stored} = %(stored)s FROM (
    SELECT t.ctid FROM {table} AS t
    WHERE {is_row} AND t.xmin::text = %(xmin)s AND t.ctid = %(ctid)s::tid
    FOR NO KEY UPDATE {wait}
) AS same WHERE t.ctid = same.ctid AND {is_row} RETURNING 1
"""

ENABLE = "UPDATE {table} AS t SET {flag} = %(enabled)s WHERE {is_row} AND ({where}) RETURNING 1"


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands in a row, and which version of the row that is."""

    stored: Any
    xmin: str
    ctid: str


@dataclass(frozen=True, slots=True)
class UserTable:
    """Make the statements on the table of a field whose rows are users.

    `enabled` is None where no column tells whether MFA is on.
    """

    field: Field
    key: tuple[str, ...]
    email: str
    enabled: str | None
    may_be_null: bool

    @classmethod
    def described(cls, field: Field, email: str, enabled: str | None) -> "Steps[UserTable]":
        """Look the table up in the catalog; raise FieldError where a column is not there."""
        if field.path is not None:
            raise FieldError(
                f"field {field.name!r} is a leaf of documents; Users needs a column for the secret"
            )
        listing = Statement(COLUMNS, [field.schema, field.table])
        key, columns = yield transaction(key_kind.asking(field), listing)
        is_needed = {name: bool(needed) for name, needed in columns}
        found = field.key or tuple(name for name, _ in key)
        for name in (field.column, email, enabled, *found):
            if name is not None and name not in is_needed:
                raise FieldError(f"table {field.qualified_table} has no column {name!r}")
        if not found:
            raise FieldError(
                f"table {field.qualified_table} has no primary key; write `key` in reseal.toml"
            )
        return cls(field, found, email, enabled, may_be_null=not is_needed[field.column])

    @property
    def nothing(self) -> str | None:
        """What the column holds where there is no secret."""
        if self.may_be_null:
            return None
        if not self.field.empty:
            raise FieldError(f"the column of field {self.field.name!r} cannot hold no secret")
        return min(self.field.empty)

    def finding(self, email: str) -> Statement:
        """Find the rows of an e-mail address."""
        is_user = sql.SQL("{} = %(email)s").format(_column(self.email))
        return self._statement(FIND, {"email": email}, is_user=is_user)

    def locating(self, key: Sequence[Any]) -> Statement:
        """Find the row of a key."""
        return self._statement(FIND, self._values(key), is_user=self._is_row())

    def looking(self, key: Sequence[Any]) -> Statement:
        """Read what stands in a row."""
        return self._statement(LOOK, self._values(key))

    def replacing(
        self, key: Sequence[Any], stored: str | bytes | None, enabled: bool | None
    ) -> Statement:
        """Write another secret, or none, and perhaps whether MFA is on."""
        also: sql.Composable = sql.SQL("")
        if enabled is not None and self.enabled is not None:
            also = sql.SQL(", {} = {}").format(sql.Identifier(self.enabled), sql.Literal(enabled))
        return self._statement(REPLACE, {**self._values(key), "stored": stored}, also=also)

    def resealing(
        self, key: Sequence[Any], seen: Seen, stored: str, *, waits: bool = False
    ) -> Statement:
        """Write another envelope of the secret that was seen; a row that is locked is let be."""
        values = {"stored": stored, "xmin": seen.xmin, "ctid": seen.ctid}
        wait = sql.SQL("" if waits else "SKIP LOCKED")
        return self._statement(RESEAL, {**self._values(key), **values}, wait=wait)

    def enabling(self, key: Sequence[Any], enabled: bool) -> Statement:
        """Write whether MFA is on."""
        flag = sql.Identifier(self.enabled or "")
        return self._statement(ENABLE, {**self._values(key), "enabled": enabled}, flag=flag)

    def _is_row(self) -> sql.Composable:
        return sql.SQL(" AND ").join(
            sql.SQL("{} = {}").format(_column(name), sql.Placeholder(f"k{position}"))
            for position, name in enumerate(self.key)
        )

    def _values(self, key: Sequence[Any]) -> dict[str, Any]:
        return {f"k{position}": part for position, part in enumerate(key)}

    def _statement(self, text: LiteralString, values: Any, **parts: sql.Composable) -> Statement:
        known = {
            "table": sql.Identifier(self.field.schema, self.field.table),
            "key": sql.SQL(", ").join(map(_column, self.key)),
            "email": _column(self.email),
            "enabled": _column(self.enabled) if self.enabled else sql.SQL("NULL"),
            "stored": sql.Identifier(self.field.column),
            "is_row": self._is_row(),
            "where": verbatim(self.field.where or "true"),
        }
        return Statement(text, values, {**known, **parts})


def _column(name: str) -> sql.Composable:
    return sql.SQL("t.{}").format(sql.Identifier(name))
