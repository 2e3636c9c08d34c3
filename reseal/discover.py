"""Find the columns that look like MFA secrets, and write them down as reseal.toml."""

import json
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from reseal.errors import ConfigurationError
from reseal.shape import PATTERNS
from reseal.store.store import Store

COLUMNS = r"""
SELECT n.nspname, c.relname, a.attname FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname !~ '^(pg_|reseal)' AND t.typname IN ('text', 'varchar') AND NOT a.attisdropped
  AND (a.attname ~* '(mfa|otp|2fa|two_?factor).*(secret|key|seed)|^(secret|key|seed)$'
       AND (a.attname || c.relname) ~* 'mfa|otp|2fa|two_?factor|authenticator')
ORDER BY 1, 2, 3
"""

# How many of a column's first values each format recognises; counts only.
FORMATS = "SELECT {counts} FROM (SELECT {column} AS v FROM {table} WHERE {column} <> '' LIMIT 1000)"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column that may hold secrets, and the format that fits most of its values."""

    schema: str
    table: str
    column: str
    format: str

    @property
    def name(self) -> str:
        """The logical name that envelopes will be bound to."""
        return f"{self.table}.{self.column}"


def candidates(store: Store, table: str | None, column: str | None) -> list[Candidate]:
    """Return the named column, or every one whose name says MFA secret."""
    if (table is None) != (column is None):
        raise ConfigurationError("--table and --column belong together; give both or neither")
    if table is not None and column is not None:
        schema, _, name = table.rpartition(".")
        found = [(schema or "public", name, column)]
    else:
        found = [(row[0], row[1], row[2]) for row in store.execute(COLUMNS)]
    if not found:
        raise ConfigurationError(
            "no column looks like an MFA secret; name it with --table and --column"
        )
    return [Candidate(*place, _format(store, *place)) for place in found]


def write_config(path: Path, found: list[Candidate]) -> None:
    """Write reseal.toml; refuse to overwrite one."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write("\n".join(['[reseal]\nschema = "reseal"\n', *map(_entry, found)]))
    except FileExistsError:
        raise ConfigurationError(f"{path} exists already; edit it or remove it first") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None


def _entry(found: Candidate) -> str:
    words = {
        "name": found.name,
        "table": f"{found.schema}.{found.table}",
        "column": found.column,
        "format": found.format,
    }
    lines = [f"{word} = {json.dumps(value, ensure_ascii=False)}" for word, value in words.items()]
    return "[[field]]\n" + "\n".join(lines) + "\n"


def _format(store: Store, schema: str, table: str, column: str) -> str:
    # Hex is tried first: most hex is no base32, but some is both.
    names = ["hex", "base32", "otpauth"]
    counts = sql.SQL(", ").join(
        sql.SQL("count(*) FILTER (WHERE v ~ {})").format(sql.Literal(PATTERNS[name]))
        for name in names
    )
    row = store.need(
        FORMATS,
        counts=counts,
        column=sql.Identifier(column),
        table=sql.Identifier(schema, table),
    )
    best = max(zip(row, reversed(range(len(names))), names, strict=True))
    return best[2] if best[0] else "base32"
