"""Try envelopes on a CHECK constraint without writing: evaluate its expression over the rows."""

import os

from psycopg import sql

from reseal.envelope import IV_BYTES, TAG_BYTES, write
from reseal.errors import StoreError, Transient
from reseal.preflight.growth import HIGHEST_VERSION
from reseal.preflight.subject import FieldSubject
from reseal.store.store import verbatim

EXPRESSION = """
SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conrelid = %s AND conname = %s
"""

OTHERS = """
SELECT attname::text FROM pg_attribute
WHERE attrelid = %(oid)s AND attnum > 0 AND NOT attisdropped AND attnum <> %(attnum)s
"""

# Each row that will be sealed, with a sample envelope in the secret's place.
TRY = """
SELECT count(*), count(*) FILTER (WHERE NOT coalesce({accepted}, true)) FROM (
    SELECT {others} ({samples}::text[])[1 + floor(random() * {most})::int] AS {column}
    FROM {table} AS t WHERE ({where}) AND {secret} IS NOT NULL) AS sealed
"""

SAMPLES = 32


def rejected(subject: FieldSubject, name: str) -> str | None:
    """Return why a constraint would not, or not certainly, accept envelopes; None if it does."""
    expression = subject.store.need(EXPRESSION, [subject.target.oid, name])[0]
    try:
        rows, refused = subject.store.need(TRY, (), **_parts(subject, expression))
    except Transient:
        raise
    except StoreError as error:
        return f"could not be tried: {error}"
    if not rows:
        return "no row to try it on"
    return f"rejects the envelope of {refused} of {rows} rows" if refused else None


def _parts(subject: FieldSubject, expression: str) -> dict[str, sql.Composable]:
    target = subject.target
    others = [sql.Identifier("t", name) for (name,) in subject.store.execute(OTHERS, subject.at)]
    return {
        "accepted": sql.SQL("({})").format(verbatim(expression)),
        "others": sql.SQL("").join(sql.SQL("{}, ").format(other) for other in others),
        "samples": sql.Literal(_samples(subject)),
        "most": sql.Literal(SAMPLES),
        "column": sql.Identifier(target.field.column),
        "table": target.table,
        "where": target.where,
        "secret": target.secret,
    }


def _samples(subject: FieldSubject) -> list[str]:
    contents = subject.contents
    return [
        write(version, os.urandom(IV_BYTES), os.urandom(TAG_BYTES), os.urandom(size))
        for version in (1, HIGHEST_VERSION)
        for size in (contents.shortest, contents.longest)
        for _ in range(SAMPLES // 4)
    ]
