"""The columns and leaves that a first reseal.toml describes: those whose names say MFA secret."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from psycopg import sql

from reseal.discover.hints import hint
from reseal.discover.judge import What
from reseal.discover.look import Finding, look
from reseal.discover.sample import by_pages, usual
from reseal.discover.tables import Table, is_document, tables
from reseal.errors import ConfigurationError, ConnectionLost, StoreError
from reseal.field import Field
from reseal.path import Path
from reseal.shape import PATTERNS
from reseal.store.column import Column
from reseal.store.store import Store

_COLUMN = re.compile(
    r"(mfa|otp|2fa|two_?factor).*(secret|key|seed)|^(secret|key|seed)$", re.IGNORECASE
)
_CONTEXT = re.compile(r"mfa|otp|2fa|two_?factor|authenticator", re.IGNORECASE)
_SECRETS = frozenset({What.SECRET, What.OTPAUTH})

# How many of a column's values each format recognises; counts only.
FORMATS = """
SELECT {counts} FROM (
    SELECT {value} AS v FROM {table} AS t {pages} WHERE {column} IS NOT NULL LIMIT 1000
) AS s WHERE v <> ''
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column, or a leaf in it, that may hold secrets, and the format that fits most of them."""

    schema: str
    table: str
    column: str
    format: str
    path: Path | None = None

    @classmethod
    def of(cls, found: Finding) -> Self:
        """Take what a look found at some place, in the format that was recognised there."""
        table, said = found.table, found.verdict.format or "base32"
        return cls(table.schema, table.name, found.column.name, said, found.path)

    @property
    def name(self) -> str:
        """The logical name that envelopes will be bound to."""
        return f"{self.table}.{self.column}" + (f".{self.path}" if self.path else "")

    def field(self, name: str | None = None) -> Field:
        """Return it as the field that it would be."""
        return Field(
            name or self.name,
            self.schema,
            self.table,
            self.column,
            format=self.format,
            path=self.path,
        )


def candidates(store: Store, table: str | None, column: str | None) -> list[Candidate]:
    """Return the named column, or every one whose name says MFA secret."""
    if (table is None) != (column is None):
        raise ConfigurationError("--table and --column belong together; give both or neither")
    if table is not None and column is not None:
        return _named(store, table, column)
    found = [one for t in tables(store) if t.can_be_a_field for one in _of_table(store, t)]
    if not found:
        raise ConfigurationError(
            "no column looks like an MFA secret; name it with --table and --column"
        )
    return found


def unique_names(found: list[Candidate]) -> list[str]:
    """Return the candidates' names, with the schema where they would repeat."""
    often = Counter(one.name for one in found)
    return [one.name if often[one.name] == 1 else f"{one.schema}.{one.name}" for one in found]


def _named(store: Store, table: str, column: str) -> list[Candidate]:
    schema, _, name = table.rpartition(".")
    schema = schema or "public"
    for one in tables(store):
        if (one.schema, one.name) != (schema, name):
            continue
        for found in one.columns:
            if found.name == column:
                return _documents(store, one, found) or [_plain(store, one, found)]
    raise ConfigurationError(
        f"there is no column {column!r} in {schema}.{name} that can hold an envelope and that this "
        "role may read; look at --table and --column"
    )


def _documents(store: Store, table: Table, column: Column) -> list[Candidate]:
    found = [
        Candidate.of(one) for one in look(store, table, (column,)) if one.path and _is_secret(one)
    ]
    if not found and is_document(column):
        raise ConfigurationError(
            f"{table.qualified}.{column.name} holds documents, in which nothing looks like an MFA "
            'secret; describe it by hand, with path = "..." where in it the secret stands'
        )
    return found


def _of_table(store: Store, table: Table) -> Iterator[Candidate]:
    by_name = sorted((c for c in table.columns if _is_named(table, c)), key=lambda c: c.name)
    leaves = _leaves(store, table)
    inside = {leaf.column for leaf in leaves}
    plain = [c for c in by_name if not is_document(c) and c.name not in inside]
    for column in plain:
        try:
            yield _plain(store, table, column)
        except ConnectionLost:
            raise
        except StoreError:
            # Rows that cannot be read now may be by the time of the run; a note says so.
            yield Candidate(table.schema, table.name, column.name, _usual_format(column))
    yield from leaves


def _leaves(store: Store, table: Table) -> list[Candidate]:
    """Return the leaves whose names say MFA secret; only columns that may hold some are read."""
    holders = tuple(c for c in table.columns if is_document(c) or hint(table.name, c.name).strong)
    try:
        found = look(store, table, holders) if holders else []
    except ConnectionLost:
        raise
    except StoreError:
        # One table that is slow or cannot be read is not worth a failure: `discover` names it.
        return []
    return [Candidate.of(one) for one in found if one.path and one.is_likely and _is_secret(one)]


def _is_named(table: Table, column: Column) -> bool:
    return bool(_COLUMN.search(column.name) and _CONTEXT.search(column.name + table.name))


def _is_secret(found: Finding) -> bool:
    return found.what in _SECRETS


def _plain(store: Store, table: Table, column: Column) -> Candidate:
    return Candidate(table.schema, table.name, column.name, _format(store, table, column))


def _format(store: Store, table: Table, column: Column) -> str:
    # Hex is tried first: most hex is no base32, but some is both.
    names = ["hex", "base32", "otpauth"]
    counts = sql.SQL(", ").join(
        sql.SQL("count(*) FILTER (WHERE v ~ {})").format(sql.Literal(PATTERNS[name]))
        for name in names
    )
    place = sql.Identifier("t", column.name)
    row = store.need(
        FORMATS,
        counts=counts,
        value=column.judge(place),
        column=place,
        table=table.identifier,
        pages=by_pages(usual(table).pages, table.pages),
    )
    best = max(zip(row, reversed(range(len(names))), names, strict=True))
    return best[2] if best[0] else _usual_format(column)


def _usual_format(column: Column) -> str:
    return "bytes" if column.is_bytes else "base32"
