"""Search for copies of a field's secrets, in its rows, its table and the tables around it."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from reseal.copies.beside import in_columns, in_documents
from reseal.copies.copy import Copy, Search
from reseal.copies.elsewhere import LookInto, in_histories, in_namesakes, of_finding
from reseal.discover.hints import is_pending
from reseal.discover.judge import What
from reseal.discover.leaves import general
from reseal.discover.look import Finding, look
from reseal.discover.sample import patient
from reseal.discover.tables import Table, tables
from reseal.field import Field
from reseal.path import Path
from reseal.store.catalog import Target
from reseal.store.store import Store

_READABLE = frozenset({What.SECRET, What.OTPAUTH, What.QR, What.CODES})
CONTAINS = "contains the secret"
NOT_COMPARED = "not compared: its documents are no JSON to PostgreSQL"
PENDING = "pending or former secret, by its name"


class Registered:
    """The places that fields of reseal.toml describe already."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self._names = {
            (f"{field.schema}.{field.table}", field.column, _spelled(field.path)): field.name
            for field in fields
        }

    def name(self, table: str, column: str, path: Path | None = None) -> str | None:
        """Return the name of the field at a place, whichever elements its path chooses."""
        return self._names.get((table, column, _spelled(path)))

    def holds(self, copy: Copy) -> bool:
        """Say whether a copy is a field of its own, or a column whose leaves are."""
        if copy.path is None:
            return any((copy.table, copy.column) == place[:2] for place in self._names)
        return (copy.table, copy.column, copy.path) in self._names


def copies_of(
    store: Store,
    target: Target,
    registered: Registered,
    known: list[Table] | None = None,
    look_into: LookInto | None = None,
) -> Search:
    """Search for copies of a field's secrets that are no fields themselves.

    `known` are all tables, where they have been listed already, and `look_into` is how to look
    into one. Raise StoreError where the field cannot be read.
    """
    look_into = look_into or partial(look, store)
    everything = tables(store) if known is None else known
    with patient(store):
        contained, sampled = _contained(store, target)
    found = [
        *contained,
        *_by_pattern(target, everything, look_into),
        *in_namesakes(store, target, everything),
        *in_histories(target, everything, look_into),
    ]
    known_columns = {(copy.table, copy.column) for copy in found}
    found += [c for c in _by_name(target, everything) if (c.table, c.column) not in known_columns]
    return Search(tuple(_merged(copy for copy in found if not registered.holds(copy))), sampled)


def _contained(store: Store, target: Target) -> tuple[list[Copy], int]:
    field = target.field
    compared = in_columns(store, target)
    leaves, documents = in_documents(store, target)
    rows = compared.sampled
    copies = [
        Copy(field.name, field.qualified_table, column, None, CONTAINS, count, rows)
        for column, count in compared.columns.items()
    ]
    copies += [
        Copy(field.name, field.qualified_table, field.column, str(path), CONTAINS, n, documents)
        for path, n in leaves.items()
    ]
    if documents and not (rows and compared.possible):
        copies.append(Copy(field.name, field.qualified_table, "", None, NOT_COMPARED, 0, documents))
    return copies, max(rows, documents)


def _by_pattern(target: Target, everything: list[Table], look_into: LookInto) -> list[Copy]:
    found = [one for table in everything if table.oid == target.oid for one in look_into(table)]
    return [
        of_finding(target, one, _said(one))
        for one in found
        if one.is_likely and one.what in _READABLE and not _is_own(one, target)
    ]


def _by_name(target: Target, everything: list[Table]) -> list[Copy]:
    """Return columns for a secret that is not yet or no more in force, though empty now."""
    field = target.field
    return [
        Copy(field.name, field.qualified_table, column.name, None, PENDING, 0, 0)
        for table in everything
        if table.oid == target.oid
        for column in table.columns
        if column.name != field.column and is_pending(column.name, field.column)
    ]


def _is_own(found: Finding, target: Target) -> bool:
    path = target.field.path
    same_path = _spelled(found.path) == _spelled(path)
    return found.column.name == target.field.column and (path is None or same_path)


def _said(found: Finding) -> str:
    if found.what is What.SECRET and is_pending(found.column.name, "secret key seed otp mfa"):
        return PENDING
    return "another secret" if found.what is What.SECRET else str(found.what)


def _merged(copies: Iterable[Copy]) -> list[Copy]:
    """Return one entry a place, which says first what it is and then that it was compared."""
    merged: dict[tuple[str, str, str], Copy] = {}
    for copy in copies:
        before = merged.get(copy.place)
        merged[copy.place] = _both(before, copy) if before else copy
    return sorted(merged.values(), key=lambda copy: (copy.table, copy.column, copy.path or ""))


def _both(one: Copy, other: Copy) -> Copy:
    """Join two entries of one place; the first has compared, if any of them has."""
    if other.what in one.what:
        return one
    what = f"{other.what}, {one.what}"
    return replace(one if one.rows else other, what=what)


def _spelled(path: Path | None) -> str:
    return str(general(path)) if path else ""
