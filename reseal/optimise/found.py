"""The login queries of a field's table: those that were seen, those configured, or a guess."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from reseal.errors import QueryRefused
from reseal.field import Field
from reseal.optimise.columns import Columns
from reseal.optimise.inferred import find_login_query
from reseal.optimise.policy import OptimisePolicy
from reseal.optimise.query import Query
from reseal.optimise.statements import asked, is_of
from reseal.optimise.syntax import Parsed, parse_select
from reseal.store.catalog import Target
from reseal.store.store import Store

# As many are measured; the first of them are nearly all that a table is asked.
MOST_QUERIES = 8


class Source(StrEnum):
    """Who says that it is a login query."""

    SEEN = "pg_stat_statements"
    CONFIGURED = "[optimise] queries"
    INFERRED = "the catalog"


@dataclass(frozen=True, slots=True)
class Found:
    """A query, who says so, and how often it was asked, where that is counted."""

    query: Query
    source: Source
    calls: int | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """The queries of a table, and which of the configured ones are not run, with the reason."""

    queries: tuple[Found, ...]
    refused: tuple[tuple[str, str], ...] = ()


def find(store: Store, target: Target, columns: Columns, policy: OptimisePolicy) -> Findings:
    """Return the queries of a table, the most frequent first; at most MOST_QUERIES are run.

    Those that applications were seen to ask come first, then the configured ones that were not
    seen; only where there is neither, what the catalog lets one guess.
    """
    seen = _seen(store, target, columns)
    named, refused = _configured(target, columns, policy.queries)
    known = {one.query for one in seen}
    named = [one for one in named if one.query not in known]
    # A configured query is never crowded out.
    found = [*seen[: max(1, MOST_QUERIES - len(named))], *named]
    return Findings(tuple(found or _inferred(store, target)), tuple(refused))


def need_queries(fields: Iterable[Field], queries: Sequence[str]) -> None:
    """Raise QueryRefused for the first configured query that is not run, or is of no field."""
    tables = list(fields)
    for number, text in enumerate(queries, start=1):
        try:
            parsed = parse_select(text)
        except QueryRefused as error:
            raise QueryRefused(_not_run(number, error)) from None
        if not any(is_of(each, parsed.schema, parsed.table) for each in tables):
            said = f"{_called(number)} is of no field's table; ask the table of a [[field]]"
            raise QueryRefused(said)


def need_columns(target: Target, columns: Columns, queries: Sequence[str]) -> None:
    """Raise QueryRefused for the first configured query of a table that has other columns."""
    for name, why in _configured(target, columns, queries)[1]:
        raise QueryRefused(f"{name} is not run: {why}")


def resolved(parsed: Parsed, columns: Columns) -> Query:
    """Return a query whose columns are the table's; raise QueryRefused where one is not."""
    query = parsed.query
    if parsed.selects_all:
        query = replace(query, columns=columns.names)
    if query.touched - set(columns.names):
        raise QueryRefused("it has a column that the table has not")
    if any(one.column in columns.secret for one in query.lookups):
        raise QueryRefused("it looks a row up by the secret, of which no value is ever taken")
    return query


def _seen(store: Store, target: Target, columns: Columns) -> list[Found]:
    calls: dict[Query, int] = {}
    for statement in asked(store, target):
        try:
            query = _of_table(statement.text, target, columns)
        except QueryRefused:
            continue
        if query is not None:
            calls[query] = calls.get(query, 0) + statement.calls
    ordered = sorted(calls.items(), key=lambda pair: -pair[1])
    return [Found(query, Source.SEEN, times) for query, times in ordered]


def _configured(
    target: Target, columns: Columns, queries: Iterable[str]
) -> tuple[list[Found], list[tuple[str, str]]]:
    found, refused = [], []
    for number, text in enumerate(queries, start=1):
        try:
            query = _of_table(text, target, columns)
        except QueryRefused as error:
            refused.append((_called(number), str(error)))
            continue
        found += [Found(query, Source.CONFIGURED)] if query is not None else []
    return found, refused


def _of_table(text: str, target: Target, columns: Columns) -> Query | None:
    parsed = parse_select(text)
    is_mine = is_of(target.field, parsed.schema, parsed.table)
    return resolved(parsed, columns) if is_mine else None


def _inferred(store: Store, target: Target) -> list[Found]:
    login = find_login_query(store, target)
    return [Found(login.query, Source.INFERRED)] if login else []


def _called(number: int) -> str:
    return f"query {number} in [optimise]"


def _not_run(number: int, why: Exception) -> str:
    return f"{_called(number)} is not run: {why}; docs/optimise.md says what a query may have"
