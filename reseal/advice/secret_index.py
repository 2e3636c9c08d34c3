"""Advice on indexes that have the secret in them: ciphertext is random, so that they only cost."""

from collections.abc import Iterable

from psycopg import sql

from reseal.advice.advice import Advice
from reseal.advice.index import Index, by_name
from reseal.sizes import readable
from reseal.store.catalog import Target

_COST = "whoever seals or reseals a row writes this index and all others, as no such update is HOT"


def advise(target: Target, indexes: Iterable[Index]) -> list[Advice]:
    """Advise to drop each index over the secret, and to replace each that names it otherwise."""
    # An index over a document serves what else is in it.
    if target.is_document:
        return []
    return [
        _advice(target, parts)
        for parts in by_name(index for index in indexes if index.mentions_secret)
    ]


def _advice(target: Target, parts: list[Index]) -> Advice:
    index, takes = parts[0], readable(sum(part.bytes for part in parts))
    table = target.field.qualified_table
    if index.holds_secret:
        what = f"drop the index {index.name}, which has the secret in it"
        why = (
            "An envelope is random: nobody looks one up, and two envelopes of one secret differ, "
            f"so that nothing is kept unique. It takes {takes}, and {_COST}."
        )
        return Advice(table, what, why, _drop(target, index))
    what = f"replace the index {index.name}, which names the secret"
    why = (
        f"Its predicate or an expression names column {target.field.column}: {_COST}. Build one "
        f"first whose predicate has a flag such as mfa_enabled instead. It takes {takes}."
    )
    return Advice(table, what, why, _drop(target, index))


def _drop(target: Target, index: Index) -> str:
    if index.constraint is None:
        return index.drop
    name = sql.Identifier(index.constraint).as_string()
    return f"ALTER TABLE {target.table.as_string()} DROP CONSTRAINT {name};"
