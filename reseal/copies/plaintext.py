"""The plaintext of a row, in the forms in which it can be found again, inside the database."""

import re

from psycopg import sql

from reseal.conditions import begins, is_empty, is_plain
from reseal.copies.forms import needles_sql
from reseal.envelope import PREFIX
from reseal.path import Name
from reseal.store.catalog import Target
from reseal.store.store import literal

# A string in the document; what is JSON inside a string SQL does not enter.
LEAVES = """
(SELECT coalesce(array_agg(f), '{{}}')
 FROM jsonb_path_query({cell}, {path}, silent => true) AS x (j)
 CROSS JOIN LATERAL unnest({needles}) AS n (f)
 WHERE jsonb_typeof(x.j) = 'string' AND {plain})
"""

AS_JSON = "CASE WHEN {cell} ~ '^[ \\n\\r\\t]*[{{[]' THEN ({cell})::jsonb END"

# Members of this name, wherever they are: also in a string, and where the text is no good JSON.
MEMBERS = """
(SELECT coalesce(array_agg(f), '{{}}') FROM regexp_matches({cell}, {member}, 'g') AS x (j)
 CROSS JOIN LATERAL unnest({needles}) AS n (f) WHERE {plain})
"""
_MEMBER = r'\\*"{}\\*"[ \n\r\t]*:[ \n\r\t]*\\*"([^"\\]+)'


def has_plaintext(target: Target) -> sql.Composable:
    """Return the condition that the row `t` holds plaintext; of a document, that there is one."""
    there = sql.SQL("NOT {}").format(is_empty(target))
    if target.is_document:
        return there
    return sql.SQL("{} AND {}").format(there, _is_plain(target, target.secret))


def ways_to_needles(target: Target) -> list[sql.Composable]:
    """Return expressions of the forms of the row's secrets, as text[]; the most exact one first.

    Where a column of documents also holds what is no JSON, PostgreSQL refuses the first.
    """
    field = target.field
    if field.path is None:
        return [needles_sql(target.secret, field.format, target.column)]
    leaf = sql.SQL("(x.j #>> '{{}}')").format()
    exact = sql.SQL(LEAVES).format(
        cell=sql.SQL(AS_JSON).format(cell=target.cell),
        path=sql.SQL("{}::jsonpath").format(literal(field.path.jsonpath())),
        needles=needles_sql(leaf, field.format, None),
        plain=_is_plain(target, leaf),
    )
    last = field.path.steps[-1]
    return [exact, _members(target, last)] if isinstance(last, Name) else [exact]


def _members(target: Target, name: Name) -> sql.Composable:
    leaf = sql.SQL("x.j[1]")
    return sql.SQL(MEMBERS).format(
        cell=target.cell,
        member=literal(_MEMBER.format(re.escape(name.text))),
        needles=needles_sql(leaf, target.field.format, None),
        plain=_is_plain(target, leaf),
    )


def _is_plain(target: Target, text: sql.Composable) -> sql.Composable:
    return sql.SQL("NOT {} AND {}").format(begins(text, PREFIX), is_plain(target.field, text))
