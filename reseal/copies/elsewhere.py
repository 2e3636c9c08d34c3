"""Copies in other tables: histories, journals, old copies, and columns of the same name."""

from collections.abc import Callable

from psycopg import sql

from reseal.conditions import is_empty
from reseal.copies.copy import Copy
from reseal.discover.hints import is_audit, is_history
from reseal.discover.look import Finding
from reseal.discover.sample import MOST_PAGES, MOST_ROWS, by_pages, can_be_judged
from reseal.discover.tables import Table
from reseal.errors import StoreError, Transient
from reseal.path import Name
from reseal.store.catalog import Target
from reseal.store.column import Column
from reseal.store.store import Store

LookInto = Callable[[Table], list[Finding]]

PATIENCE = "SET LOCAL statement_timeout = '3s'"
# As many as that are read in about a second; larger tables are named and not read.
MOST_PAGES_READ = 25_000
_MOST_NAMESAKES = 20
TOO_LARGE = "not looked at: too large"

# Only hashes meet, inside the database.
SHARED = """
SELECT count(*), (SELECT count(*) FROM mine) FROM {other} AS o
WHERE {theirs} <> '' AND md5({theirs}) IN (SELECT h FROM mine)
"""
MINE = """
WITH mine AS MATERIALIZED (
    SELECT DISTINCT md5(secret) AS h FROM (
        SELECT {secret} AS secret FROM {table} AS t {pages}
        WHERE ({where}) AND NOT {empty} LIMIT {most}) AS s
)
"""


def in_histories(target: Target, tables: list[Table], look_into: LookInto) -> list[Copy]:
    """Return what looks like secrets in tables named as histories of the field's table."""
    found = []
    for table in tables:
        if table.oid == target.oid:
            continue
        if is_history(table.name, target.field.table):
            found += _looked(target, table, look_into, "history of the table", by_name=False)
        elif is_audit(table.name):
            found += _looked(target, table, look_into, "journal of changes", by_name=True)
    return found


def in_namesakes(store: Store, target: Target, tables: list[Table]) -> list[Copy]:
    """Return the columns of other tables that share the field's column name and its values."""
    if target.is_document:
        return []
    namesakes = [
        (table, column)
        for table in tables
        for column in table.columns
        if table.oid != target.oid and column.name == target.field.column and can_be_judged(column)
    ]
    # The likeliest first, should there be one for every tenant.
    namesakes.sort(key=lambda pair: not is_history(pair[0].name, target.field.table))
    shared = (_shared(store, target, *pair) for pair in namesakes[:_MOST_NAMESAKES])
    return [copy for copy in shared if copy]


def _looked(
    target: Target, table: Table, look_into: LookInto, what: str, *, by_name: bool
) -> list[Copy]:
    try:
        found = look_into(table)
    except Transient:
        return [Copy(target.field.name, table.qualified, "", None, f"{what}, {TOO_LARGE}", 0, 0)]
    except StoreError as error:
        return [Copy(target.field.name, table.qualified, "", None, f"{what}, {error}", 0, 0)]
    meant = [one for one in found if one.is_likely and (not by_name or _is_named(one, target))]
    return [of_finding(target, one, f"{what}: {one.what}") for one in meant]


def of_finding(target: Target, found: Finding, what: str) -> Copy:
    """Return a finding as a copy of a field's."""
    return Copy(
        target.field.name,
        found.table.qualified,
        found.column.name,
        str(found.path) if found.path else None,
        what,
        found.verdict.matching,
        found.verdict.sampled,
    )


def _is_named(found: Finding, target: Target) -> bool:
    steps = found.path.steps if found.path else ()
    names = [step.text for step in steps if isinstance(step, Name)]
    return target.field.column in (found.column.name, *names)


def _shared(store: Store, target: Target, table: Table, column: Column) -> Copy | None:
    def copy(what: str, rows: int, sampled: int) -> Copy:
        return Copy(target.field.name, table.qualified, column.name, None, what, rows, sampled)

    is_meant = is_history(table.name, target.field.table)
    if table.pages > MOST_PAGES_READ:
        return copy(TOO_LARGE, 0, 0) if is_meant else None
    try:
        rows, sampled = _count_shared(store, target, table, column)
    except Transient:
        return copy(TOO_LARGE, 0, 0) if is_meant else None
    except StoreError as error:
        return copy(f"not looked at: {error}", 0, 0) if is_meant else None
    return copy("the same values", rows, sampled) if rows else None


def _count_shared(store: Store, target: Target, table: Table, column: Column) -> tuple[int, int]:
    mine = sql.SQL(MINE).format(
        secret=target.secret,
        table=target.table,
        pages=by_pages(MOST_PAGES, target.pages),
        where=target.where,
        empty=is_empty(target),
        most=sql.Literal(MOST_ROWS),
    )
    with store.transaction():
        store.execute(PATIENCE)
        rows, sampled = store.need(
            "{mine}" + SHARED,
            mine=mine,
            other=table.identifier,
            theirs=column.judge(sql.Identifier("o", column.name)),
        )
    return rows, sampled
