"""Which index a query would be answered by: a partial one that covers it, never over a secret."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from psycopg import sql

from reseal.optimise.columns import Columns
from reseal.optimise.query import Condition, Operand, Query, readable

# With more columns beside the key it is a second table, which every write keeps as well.
MOST_INCLUDED = 5

# PostgreSQL cuts a name at 63 bytes; what tells definitions apart comes last.
_MOST_BYTES = 63
_MOST_OF_PREFIX = 40
_DIGEST = 8


@dataclass(frozen=True, slots=True)
class Proposal:
    """An index: what rows are found by, what it holds besides, and which rows are in it.

    `covers` says that it answers its query without the table.
    """

    key: tuple[Operand, ...]
    included: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    covers: bool = False

    @property
    def columns(self) -> frozenset[str]:
        """Every column whose change the index has to follow."""
        wanted = frozenset(one.column for one in self.conditions)
        return wanted.union(self.included, (one.column for one in self.key))

    def name(self, table: str) -> str:
        """Return a name that is ours, and another one for every other definition."""
        words = "_".join([prefix(table), *(_plainly(operand.words) for operand in self.key)])
        digest = sha256(self.shown.encode()).hexdigest()[:_DIGEST]
        return f"{words[: _MOST_BYTES - _DIGEST - 1]}_{digest}"

    @property
    def definition(self) -> sql.Composable:
        """What comes after the table in CREATE INDEX."""
        key = sql.SQL(", ").join(map(_element, self.key))
        included = sql.SQL(", ").join(map(sql.Identifier, self.included))
        where = sql.SQL(" AND ").join(condition.spelled() for condition in self.conditions)
        parts = [sql.SQL("({})").format(key)]
        parts += [sql.SQL("INCLUDE ({})").format(included)] if self.included else []
        parts += [sql.SQL("WHERE {}").format(where)] if self.conditions else []
        return sql.SQL(" ").join(parts)

    @property
    def shown(self) -> str:
        """The definition as a person reads it."""
        return readable(self.definition)


def prefix(table: str) -> str:
    """Return what the names of our own indexes on a table begin with."""
    return f"reseal_{_plainly(table)}"[:_MOST_OF_PREFIX]


def propose(query: Query, columns: Columns) -> Proposal | None:
    """Return the index that would answer a query; None where no second index would.

    A flag that is compared with a parameter tells too few rows apart to look one up by.
    """
    key = tuple(one for one in query.lookups if not columns.kinds[one.column].is_flag)
    if not key or {one.column for one in key if one.is_plain} >= set(columns.key):
        return None
    conditions = tuple(sorted(one for one in query.conditions if one.column not in columns.secret))
    included = _beside(query, key, conditions)
    looked_up = {one.column for one in key}
    if len(included) > MOST_INCLUDED or not all(
        name in looked_up or columns.fits(name) for name in included
    ):
        return Proposal(key, (), conditions)
    return Proposal(key, included, conditions, covers=True)


def merged(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Make one index of all that have the same key, so that a row is in as few as can be."""
    found: dict[tuple[Operand, ...], Proposal] = {}
    for proposal in proposals:
        other = found.get(proposal.key)
        found[proposal.key] = _both(other, proposal) if other else proposal
    return list(found.values())


def _both(one: Proposal, other: Proposal) -> Proposal:
    # A row that only one of the two wants has to be in it, and what was certain must be looked at.
    conditions = tuple(each for each in one.conditions if each in other.conditions)
    dropped = [
        each.column
        for proposal in (one, other)
        if proposal.covers
        for each in proposal.conditions
        if each not in conditions
    ]
    included = tuple(dict.fromkeys([*one.included, *other.included, *dropped]))
    if len(included) > MOST_INCLUDED:
        return Proposal(one.key, (), conditions)
    return Proposal(one.key, included, conditions, covers=one.covers or other.covers)


def _beside(
    query: Query, key: tuple[Operand, ...], conditions: tuple[Condition, ...]
) -> tuple[str, ...]:
    """Return the columns that an index has to hold besides its key, to answer without the table.

    The server asks for the column itself also where the key is a function of it (PostgreSQL
    manual, 11.9).
    """
    plain = {one.column for one in key if one.is_plain}
    looked_at = [one.column for one in query.lookups]
    looked_at += [one.column for one in query.conditions if one not in conditions]
    return tuple(dict.fromkeys(one for one in (*query.columns, *looked_at) if one not in plain))


def _plainly(name: str) -> str:
    return re.sub(r"\W", "_", name, flags=re.ASCII)


def _element(operand: Operand) -> sql.Composable:
    # The grammar has a bare column or a call there; anything else stands in parentheses.
    is_bare = operand.is_plain or operand.function
    return operand.spelled() if is_bare else sql.SQL("({})").format(operand.spelled())
