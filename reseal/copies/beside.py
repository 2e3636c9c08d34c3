"""Copies in the same row: other columns, and other leaves of the document, with the secret in."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from psycopg import sql

from reseal import document
from reseal.conditions import is_empty
from reseal.copies.forms import haystack, needles, normal
from reseal.copies.plaintext import has_plaintext, ways_to_needles
from reseal.discover.leaves import Spot, general, path_of, strings
from reseal.discover.sample import MOST_BYTES, MOST_PAGES, MOST_ROWS, by_pages
from reseal.document import NotADocument
from reseal.errors import RowRefused
from reseal.path import Path
from reseal.shape import Shape
from reseal.store.catalog import Target
from reseal.store.store import Store

# Everything whose text can contain another text; what has no room for one is left out.
OTHERS = """
SELECT a.attname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = %(oid)s AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> %(column)s
  AND (t.typcategory IN ('S', 'A', 'C') OR t.typcategory = 'U' AND t.typname <> 'uuid')
  AND has_column_privilege(a.attrelid, a.attnum, 'SELECT') ORDER BY a.attnum
"""

CONTAINED = """
SELECT count(*) {counts} FROM (
    SELECT {others} {needles} AS needles FROM {table} AS t {pages}
    WHERE ({where}) AND {plain} LIMIT {most}
) AS s WHERE cardinality(s.needles) > 0
"""

# What is larger takes its time, and a copy of a secret is mostly small.
OTHER = "CASE WHEN pg_column_size({other}) < {largest} THEN {other}::text END AS {name}, "

HOW_MANY = """
, count(*) FILTER (WHERE EXISTS (
    SELECT FROM unnest(s.needles) AS x (needle) WHERE strpos({haystack}, x.needle) > 0))
"""

CELLS = """
SELECT {cell} FROM {table} AS t {pages}
WHERE ({where}) AND NOT {empty} AND pg_column_size({stored}) < {largest} LIMIT {most}
"""


class Compared(NamedTuple):
    """How many sampled rows contain the row's secret, by column; how many rows were compared.

    `possible` False: the server could not take the secrets out of the documents.
    """

    columns: dict[str, int]
    sampled: int
    possible: bool = True


def in_columns(store: Store, target: Target) -> Compared:
    """Compare the secrets of a sample with the other columns of their rows."""
    found = store.execute(OTHERS, {"oid": target.oid, "column": target.field.column})
    others = [name for (name,) in found]
    possible = False
    for needles_of_row in ways_to_needles(target):
        try:
            with store.transaction():
                sampled, *counts = _contained(store, target, others, needles_of_row)
        except RowRefused:
            # Text that is no JSON: which is, SQL cannot ask before version 16.
            continue
        possible = True
        if sampled:
            pairs = zip(others, counts, strict=True)
            return Compared({name: rows for name, rows in pairs if rows}, sampled)
    return Compared({}, 0, possible or not others)


def in_documents(store: Store, target: Target) -> tuple[dict[Path, int], int]:
    """Count, by path, the documents where another leaf contains a secret; and those documents."""
    copies: Counter[Spot] = Counter()
    sampled = 0
    if target.field.path is None:
        return {}, sampled
    own = general(target.field.path)
    parts = {**_sample(target), "cell": target.cell, "stored": target.stored}
    for (text,) in store.execute(CELLS, (), **parts):
        secrets = _secrets(target, text)
        sampled += bool(secrets)
        if secrets:
            copies.update(_holding(text, secrets))
    paths = {path_of(spot): rows for spot, rows in copies.items()}
    return {path: rows for path, rows in paths.items() if path != own}, sampled


def _contained(
    store: Store, target: Target, others: Sequence[str], needles_of_row: sql.Composable
) -> tuple[int, ...]:
    names = [sql.Identifier(f"c{n}") for n in range(len(others))]
    row: tuple[int, ...] = store.need(
        CONTAINED,
        (),
        counts=sql.SQL("").join(
            sql.SQL(HOW_MANY).format(haystack=haystack(sql.SQL("s.{}").format(name)))
            for name in names
        ),
        others=sql.SQL("").join(
            sql.SQL(OTHER).format(
                other=sql.Identifier("t", other), name=name, largest=sql.Literal(MOST_BYTES)
            )
            for other, name in zip(others, names, strict=True)
        ),
        needles=needles_of_row,
        plain=has_plaintext(target),
        **_sample(target),
    )
    return row


def _sample(target: Target) -> dict[str, sql.Composable]:
    return {
        "table": target.table,
        "pages": by_pages(MOST_PAGES, target.pages),
        "where": target.where,
        "empty": is_empty(target),
        "largest": sql.Literal(MOST_BYTES),
        "most": sql.Literal(MOST_ROWS),
    }


def _secrets(target: Target, text: str) -> set[str]:
    """Return the forms of every plaintext in a document."""
    if target.field.path is None:
        return set()
    try:
        found = document.leaves(text, target.field.path)
    except NotADocument:
        return set()
    plain = [leaf.text for leaf in found if leaf.is_string and leaf.text]
    chosen = [one for one in plain if target.field.shape(one) is Shape.PLAIN]
    return {form for one in chosen for form in needles(one, target.field.format)}


def _holding(text: str, secrets: set[str]) -> set[Spot]:
    return {
        spot for spot, leaf in strings(text) if any(secret in normal(leaf) for secret in secrets)
    }
