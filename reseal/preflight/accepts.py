"""Try on a condition what a run would write, without writing: evaluate it over the rows."""

import os
from dataclasses import dataclass
from itertools import cycle
from typing import NamedTuple

from psycopg import sql

from reseal.conditions import is_empty
from reseal.document import SPLICE, escaped, pieces
from reseal.envelope import HIGHEST_VERSION, IV_BYTES, TAG_BYTES, write
from reseal.errors import StoreError, Transient
from reseal.preflight.sample import Sampled, sample
from reseal.preflight.subject import FieldSubject
from reseal.store.aside import fresh_mark
from reseal.store.catalog import Target

OTHERS = """
SELECT attname::text FROM pg_attribute
WHERE attrelid = %(oid)s AND attnum > 0 AND NOT attisdropped AND attname <> %(column)s
ORDER BY attnum
"""

# Each row that will be sealed, with what will be written in the secret's place, under the name by
# which a condition may speak of the whole row. OFFSET keeps the two selections apart.
TRY = """
SELECT count(*), count(*) FILTER (WHERE NOT coalesce({accepted}, true)) FROM (
    SELECT {others} {value}::{type} AS {column} FROM {source} OFFSET 0) AS {table}
"""

VALUE = "({samples}::text[])[1 + floor(random() * {most})::int]"

ROWS = "{table} AS t WHERE ({where}) AND NOT {empty}"

DOCUMENTS = """
unnest(string_to_array(%s, ';')::oid[], string_to_array(%s, ';')::tid[],
       string_to_array(%s, ';')) AS v (heap, tid, pieces)
JOIN {table} AS t ON t.tableoid = v.heap AND t.ctid = v.tid
"""

SAMPLES = 32
_VERSIONS = (1, HIGHEST_VERSION)


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition on the rows of a table; `only` where it does not hold for what inherits it."""

    name: str
    table: tuple[str, str]
    oid: int
    only: bool
    expression: sql.Composable

    @property
    def source(self) -> sql.Composable:
        """The table, quoted, as it is read from."""
        return sql.SQL("ONLY {}" if self.only else "{}").format(sql.Identifier(*self.table))


class Trial(NamedTuple):
    """What came of trying a condition on so many rows."""

    rows: int
    accepts: bool
    words: str


def tried(subject: FieldSubject, rule: Rule) -> Trial:
    """Try a condition on what a run would write, in rows as they stand."""
    try:
        with subject.store.snapshot():
            rows, refused = _try(subject, rule)
    except Transient:
        raise
    except StoreError as error:
        return Trial(1, accepts=False, words=f"could not be tried: {error}")
    if not rows:
        return Trial(0, accepts=True, words="has no row to be tried on")
    if refused:
        return Trial(rows, accepts=False, words=f"rejects {refused} of {rows} rows once sealed")
    return Trial(rows, accepts=True, words="accepts envelopes")


def _try(subject: FieldSubject, rule: Rule) -> tuple[int, int]:
    target = subject.target
    parameters: list[str] = []
    if target.is_document:
        rows = [row for row in sample(subject.store, target, rule.source) if row.spots]
        parameters = [";".join(column) for column in zip(*map(_spliced, rows), strict=True)]
        if not parameters:
            return 0, 0
        source = sql.SQL(DOCUMENTS).format(table=rule.source)
        cell = target.column.read(target.stored)
        text: sql.Composable = sql.SQL(SPLICE).format(cell=cell, pieces=sql.SQL("v.pieces"))
    else:
        where, empty = target.where, is_empty(target)
        source = sql.SQL(ROWS).format(table=rule.source, where=where, empty=empty)
        samples, most = sql.Literal(_samples(subject)), sql.Literal(SAMPLES)
        text = sql.SQL(VALUE).format(samples=samples, most=most)
    accepted, refused = subject.store.need(
        TRY, parameters, source=source, value=target.column.write(text), type=_type(target),
        column=sql.Identifier(target.field.column), others=_others(subject, rule),
        table=sql.Identifier(rule.table[1]),
        accepted=sql.SQL("({})").format(rule.expression),
    )  # fmt: skip
    return accepted, refused


def _others(subject: FieldSubject, rule: Rule) -> sql.Composable:
    parameters = {"oid": rule.oid, "column": subject.target.field.column}
    names = [name for (name,) in subject.store.execute(OTHERS, parameters)]
    others = [sql.SQL("{}, ").format(sql.Identifier("t", name)) for name in names]
    return sql.SQL("").join(others)


def _type(target: Target) -> sql.Composable:
    """Return the type that the value has when it is checked: without a limit, once widened."""
    name = sql.Identifier(target.column.type_schema, target.column.type)
    if target.field.keeps_aside and target.column.limit:
        return sql.SQL("{}({})").format(name, sql.Literal(target.column.limit))
    return name


def _samples(subject: FieldSubject) -> list[str]:
    if subject.target.field.keeps_aside:
        return [fresh_mark(version) for version in _VERSIONS for _ in range(SAMPLES // 2)]
    contents = subject.contents
    return [
        _envelope(version, size)
        for version in _VERSIONS
        for size in (contents.shortest, contents.longest)
        for _ in range(SAMPLES // 4)
    ]


def _spliced(row: Sampled) -> tuple[str, str, str]:
    versions = cycle(_VERSIONS)
    parts = [
        (spot.start, spot.end, escaped(_envelope(next(versions), spot.bytes), spot.depth))
        for spot in row.spots
    ]
    return str(row.heap), row.tid, pieces(row.characters, parts)


def _envelope(version: int, size: int) -> str:
    return write(version, os.urandom(IV_BYTES), os.urandom(TAG_BYTES), os.urandom(size))
