"""Envelopes kept aside, for a column that is too short and cannot be widened.

The column holds a mark of 16 characters, `rs3.k2v9…`: the key version, and what names the one
row of `aside` that has the envelope. A mark is never used again, so that an application which
reads an older one meets the older envelope and never a wrong one.
"""

import re
import secrets

from psycopg import sql

from reseal.envelope import PREFIX
from reseal.field import Field
from reseal.store import schema
from reseal.store.store import Statement, Store, literal

MARK_CHARACTERS = 16
MARK = r"\Ars[1-9][0-9]{0,4}[.][a-z2-7]{8,}\Z"
_MARK = re.compile(MARK)
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


# A mark whose envelope is gone shows as an envelope that is damaged, never as a secret.
LOOKED_UP = """
CASE WHEN {judged} ~ {mark} THEN coalesce((
    SELECT a.envelope FROM {own}.aside AS a WHERE a.field = {field} AND a.mark = {judged}
), {damaged}) ELSE {text} END
"""

FETCH = "SELECT envelope FROM {reseal}.aside WHERE field = %s AND mark = %s"

KEEP = "INSERT INTO {reseal}.aside (field, mark, envelope) VALUES (%s, %s, %s)"

# An application may have read the mark a moment ago and ask for its envelope yet.
FORGET = """
DELETE FROM {reseal}.aside AS a WHERE a.field = {field}
  AND a.made < clock_timestamp() - interval '1 hour'
  AND NOT EXISTS (SELECT FROM {table} AS t WHERE {stored} = a.mark)
"""


def exists(store: Store) -> bool:
    """Say whether the table is made yet."""
    return schema.has_table(store, "aside")


def is_mark(text: str) -> bool:
    """Say whether a text is a mark, which stands for an envelope."""
    return _MARK.match(text) is not None


def fresh_mark(version: int) -> str:
    """Return a new mark for an envelope under a key version; 40 random bits or more."""
    head = f"rs{version}."
    rest = MARK_CHARACTERS - len(head)
    return head + "".join(secrets.choice(_ALPHABET) for _ in range(rest))


def holds_mark(field: Field, text: str) -> bool:
    """Say whether a text stands for an envelope of a field that keeps them aside."""
    return field.keeps_aside and is_mark(text.rstrip())


def version_of(mark: str) -> int:
    """Return the key version under which the envelope of a mark is."""
    return int(mark[len("rs") : mark.index(".")])


def looked_up(
    own_schema: str, field: Field, judged: sql.Composable, text: sql.Composable
) -> sql.Composable:
    """Return the expression of the envelope that a mark stands for, or else of the text."""
    return sql.SQL(LOOKED_UP).format(
        judged=judged,
        text=text,
        mark=sql.Literal(MARK),
        own=sql.Identifier(own_schema),
        field=literal(field.name),
        damaged=sql.Literal(f"{PREFIX}!"),
    )


def fetching(field: str, mark: str) -> Statement:
    """Return the statement that finds the envelope which a mark stands for."""
    return Statement(FETCH, [field, mark])


def keeping(field: str, mark: str, envelope: str) -> Statement:
    """Return the statement that keeps an envelope under a fresh mark."""
    return Statement(KEEP, [field, mark, envelope])


def forget(store: Store, field: str, table: sql.Composable, stored: sql.Composable) -> None:
    """Remove the envelopes that no row's mark names any more."""
    store.execute(FORGET, field=literal(field), table=table, stored=stored)
