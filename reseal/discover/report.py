"""Discover: what in the whole database holds MFA secrets, and which of it is protected."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from reseal.copies import Copy, Registered, copies_of
from reseal.discover.candidates import Candidate
from reseal.discover.judge import What
from reseal.discover.look import Finding, look
from reseal.discover.tables import Table, tables
from reseal.discover.triggers import Copying, copying_triggers
from reseal.errors import ConnectionLost, FieldError, StoreError, Transient
from reseal.field import Field
from reseal.store.catalog import describe
from reseal.store.store import Store

# Of what is found without reseal.toml, as many are looked after as fields would be.
_MOST_UNREGISTERED = 20


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found; plain names and counts, never a value."""

    columns: tuple[Finding, ...]
    copies: tuple[Copy, ...]
    triggers: tuple[Copying, ...]
    skipped: tuple[tuple[str, str], ...]
    registered: Registered

    def as_dict(self) -> dict[str, Any]:
        """Return it as the command line prints it."""
        return {
            "columns": [self._column(found) for found in self.columns],
            "copies": [copy.as_dict() for copy in self.copies],
            "triggers": [trigger.as_dict() for trigger in self.triggers],
            "not_looked_at": [{"table": table, "why": why} for table, why in self.skipped],
        }

    def _column(self, found: Finding) -> dict[str, object]:
        table, verdict = found.table.qualified, found.verdict
        return {
            "table": table,
            "column": found.column.name,
            "path": str(found.path) if found.path else None,
            "what": str(verdict.what),
            "format": verdict.format,
            "confidence": str(verdict.confidence),
            "sampled": verdict.sampled,
            "matching": verdict.matching,
            "registered": self.registered.name(table, found.column.name, found.path),
        }


def look_through(store: Store, fields: tuple[Field, ...]) -> Discovery:
    """Look through every table; nothing is written, and no value is kept."""
    return _Discoverer(store, fields).discovery()


def copies_beside(store: Store, found: Iterable[Candidate]) -> list[str]:
    """Say in a sentence each where what the candidates hold can be read besides."""
    fields = tuple(one.field() for one in found)
    discoverer = _Discoverer(store, fields)
    notes = [_note(copy) for copy in discoverer.copies(fields, Registered(fields))]
    described = {field.qualified_table for field in fields}
    skipped = sorted(set(discoverer.skipped))
    notes += [f"{table} was not looked at: {why}" for table, why in skipped if table in described]
    return notes


def _note(copy: Copy) -> str:
    if copy.rows:
        where = copy.seen_from("")
        return f"{where} holds copies of {copy.field} ({copy.what}): see `reseal discover`"
    return f"beside {copy.field}, {copy.seen_from('')}: {copy.what}; see `reseal discover`"


class _Discoverer:
    def __init__(self, store: Store, fields: tuple[Field, ...]) -> None:
        self._store = store
        self._fields = fields
        self._tables = tables(store)
        self._found: dict[int, list[Finding]] = {}
        self.skipped: list[tuple[str, str]] = [
            (table.qualified, f"the role may not read {', '.join(table.hidden)}")
            for table in self._tables
            if table.hidden
        ]

    def discovery(self) -> Discovery:
        found = [one for table in self._tables if table.columns for one in self._looked(table)]
        registered = Registered(self._fields)
        copies = self.copies(self._fields or _as_fields(found), registered)
        triggers = [t for table in self._tables for t in self._triggers(table, found)]
        return Discovery(
            tuple(found), tuple(copies), tuple(triggers), tuple(sorted(self.skipped)), registered
        )

    def copies(self, fields: Iterable[Field], registered: Registered) -> list[Copy]:
        """Return the copies of these fields that are not registered."""
        copies = [copy for field in fields for copy in self._copies(field, registered)]
        return sorted(copies, key=lambda copy: (copy.field, copy.place))

    def _look_into(self, table: Table) -> list[Finding]:
        if table.oid not in self._found:
            self._found[table.oid] = look(self._store, table)
        return self._found[table.oid]

    def _looked(self, table: Table) -> list[Finding]:
        try:
            return self._look_into(table)
        except ConnectionLost:
            raise
        except Transient as error:
            self.skipped.append((table.qualified, f"too slow or in use: {error}"))
        except StoreError as error:
            self.skipped.append((table.qualified, str(error)))
        return []

    def _copies(self, field: Field, registered: Registered) -> tuple[Copy, ...]:
        try:
            target = describe(self._store, field)
            known = self._tables
            return copies_of(self._store, target, registered, known, self._look_into).copies
        except ConnectionLost:
            raise
        except (FieldError, StoreError) as error:
            if self._fields:
                self.skipped.append((field.qualified_table, f"copies: {error}"))
            return ()

    def _triggers(self, table: Table, found: Iterable[Finding]) -> list[Copying]:
        columns = {one.column.name for one in found if one.table is table and one.is_likely}
        columns |= {f.column for f in self._fields if f.qualified_table == table.qualified}
        return copying_triggers(self._store, table, columns) if columns else []


def _as_fields(found: Iterable[Finding]) -> list[Field]:
    """Return the secrets that were found as the fields that they would be."""
    secrets = [
        one
        for one in found
        if one.is_likely and one.what is What.SECRET and one.table.can_be_a_field
    ]
    return [Candidate.of(one).field() for one in secrets[:_MOST_UNREGISTERED]]
