"""The columns of a row key and their types, so that what an application gives is bound right."""

from collections.abc import Iterable
from uuid import UUID

from reseal.field import Field
from reseal.place import KeyPart
from reseal.store.store import Statement

# The primary key where reseal.toml names none; no row where the table is in another database.
KINDS = """
SELECT a.attname, t.typname FROM unnest(coalesce(nullif(%(key)s::text[], '{{}}'), (
    SELECT array_agg(a.attname::text ORDER BY k.position)
    FROM pg_index AS i
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, position)
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
    WHERE i.indrelid = to_regclass(%(table)s) AND i.indisprimary
      AND k.position <= i.indnkeyatts
))) WITH ORDINALITY AS named (name, position)
JOIN pg_attribute AS a ON a.attrelid = to_regclass(%(table)s) AND a.attname = named.name
JOIN pg_type AS t ON t.oid = a.atttypid
ORDER BY named.position
"""

# What a sweep binds as it is; any other type it binds as the text that PostgreSQL spells.
_AS_IT_IS: dict[str, type[int] | type[UUID]] = {
    "int2": int, "int4": int, "int8": int, "uuid": UUID,
}  # fmt: skip

Kind = type[int] | type[UUID] | type[str]


def asking(field: Field) -> Statement:
    """Return the statement that gives column and type of each part of a field's key."""
    table = ".".join('"' + name.replace('"', '""') + '"' for name in (field.schema, field.table))
    return Statement(KINDS, {"key": list(field.key), "table": table})


def kinds(rows: Iterable[tuple[str, str]]) -> tuple[Kind, ...]:
    """Return of which Python type each part has to be."""
    return tuple(_AS_IT_IS.get(name, str) for _, name in rows)


def misfit(key: tuple[KeyPart, ...], wanted: tuple[Kind, ...]) -> str | None:
    """Say what is wrong with a key; None where nothing is, or the types are not known."""
    if wanted and len(key) != len(wanted):
        return f"it has {len(wanted)} parts, not {len(key)}"
    for part, kind in zip(key, wanted, strict=False):
        if not isinstance(part, kind):
            return f"give {kind.__name__}, not {type(part).__name__}"
    return None
