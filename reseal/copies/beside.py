"""Copies in the same row: other columns, and other leaves of the document, with the secret in."""

from collections import Counter
from collections.abc import Sequence

from psycopg import sql

from reseal import document
from reseal.copies.forms import haystack, needles, needles_sql, normal
from reseal.discover.leaves import Spot, general, path_of, strings
from reseal.discover.sample import MOST_BYTES, MOST_PAGES, MOST_ROWS, by_pages
from reseal.document import NotADocument
from reseal.envelope import PREFIX
from reseal.errors import RowRefused
from reseal.path import Path
from reseal.shape import Shape
from reseal.store.catalog import Target
from reseal.store.store import Store, literal
from reseal.sweep.rows import begins, is_empty

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

HOW_MANY = """
, count(*) FILTER (WHERE EXISTS (
    SELECT FROM unnest(s.needles) AS x (needle) WHERE strpos({haystack}, x.needle) > 0))
"""

# A string in the document; what is JSON inside a string SQL does not enter.
LEAVES = """
(SELECT coalesce(array_agg(f), '{{}}')
 FROM jsonb_path_query({cell}, {path}, silent => true) AS x (j)
 CROSS JOIN LATERAL unnest({needles}) AS n (f)
 WHERE jsonb_typeof(x.j) = 'string' AND {leaf} ~ {pattern})
"""

AS_JSON = "CASE WHEN {cell} ~ '^[ \\n\\r\\t]*[{{[]' THEN ({cell})::jsonb END"

CELLS = """
SELECT {cell} FROM {table} AS t {pages}
WHERE ({where}) AND NOT {empty} AND pg_column_size({stored}) < {largest} LIMIT {most}
"""


def in_columns(store: Store, target: Target) -> tuple[dict[str, int], int]:
    """Count, by column, the sampled rows where it contains the row's secret; and those rows."""
    found = store.execute(OTHERS, {"oid": target.oid, "column": target.field.column})
    others = [name for (name,) in found]
    try:
        with store.transaction():
            sampled, *counts = _contained(store, target, others)
    except RowRefused:
        # Text that is no JSON in a column of documents: which are, SQL cannot ask before 16.
        return {}, 0
    return {name: rows for name, rows in zip(others, counts, strict=True) if rows}, sampled


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


def _contained(store: Store, target: Target, others: Sequence[str]) -> tuple[int, ...]:
    names = [sql.Identifier(f"c{n}") for n in range(len(others))]
    row: tuple[int, ...] = store.need(
        CONTAINED,
        (),
        counts=sql.SQL("").join(
            sql.SQL(HOW_MANY).format(haystack=haystack(sql.SQL("s.{}").format(name)))
            for name in names
        ),
        others=sql.SQL("").join(
            sql.SQL("{}::text AS {}, ").format(sql.Identifier("t", other), name)
            for other, name in zip(others, names, strict=True)
        ),
        needles=_needles(target),
        plain=_plain(target),
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


def _plain(target: Target) -> sql.Composable:
    if target.is_document:
        return sql.SQL("NOT {}").format(is_empty(target))
    return sql.SQL("NOT {} AND NOT {} AND {} ~ {}").format(
        is_empty(target),
        begins(target.secret, PREFIX),
        target.secret,
        literal(target.field.pattern),
    )


def _needles(target: Target) -> sql.Composable:
    field = target.field
    if field.path is None:
        return needles_sql(target.secret, field.format, target.column)
    leaf = sql.SQL("(x.j #>> '{{}}')").format()
    return sql.SQL(LEAVES).format(
        cell=sql.SQL(AS_JSON).format(cell=target.cell),
        path=sql.SQL("{}::jsonpath").format(literal(field.path.jsonpath())),
        needles=needles_sql(leaf, field.format, None),
        leaf=leaf,
        pattern=literal(field.pattern),
    )


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
