"""What the checks look at: the run as planned, the server, and each field once counted."""

from dataclasses import dataclass
from typing import ClassVar

from psycopg import sql

from reseal.access import Access
from reseal.census import Census, take_census
from reseal.envelope import PREFIX
from reseal.errors import ConnectionLost, StoreError
from reseal.modes import Mode
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.rows import begins, is_empty

ATTNUM = "SELECT attnum FROM pg_attribute WHERE attrelid = %s AND attname = %s"

LENGTHS = """
SELECT coalesce(min(octet_length({secret})), 0), coalesce(max(octet_length({secret})), 0)
FROM {table} AS t WHERE ({where}) AND NOT {empty} AND NOT {sealed}
"""


@dataclass(frozen=True, slots=True)
class PreflightPlan:
    """The run that preflight is to judge.

    `takes_over` False means that nothing will be written now, so that a run which is under way
    is worth a word and no refusal. `evidence` is the directory or URL where evidence will go.
    """

    mode: Mode
    skip_backup: bool = False
    is_development: bool = False
    embedded: bool = False
    takes_over: bool = True
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """What the rows of a field hold: the census, and the lengths in bytes of what is unsealed."""

    census: Census
    shortest: int
    longest: int


@dataclass(frozen=True, slots=True)
class FieldSubject:
    """One field that the catalog could describe; `counted` is the error where it was not."""

    access: Access
    store: Store
    plan: PreflightPlan
    target: Target
    attnum: int
    counted: Contents | StoreError

    @property
    def name(self) -> str:
        """The field's logical name."""
        return self.target.field.name

    @property
    def at(self) -> dict[str, int]:
        """Where the catalog keeps the column, as parameters."""
        return {"oid": self.target.oid, "attnum": self.attnum}

    @property
    def contents(self) -> Contents:
        """What the rows hold; raise StoreError where they could not be counted."""
        if isinstance(self.counted, StoreError):
            raise StoreError(f"the rows were not counted: {self.counted}")
        return self.counted

    @property
    def census(self) -> Census:
        """The census; raise StoreError where the rows could not be counted."""
        return self.contents.census


@dataclass(frozen=True, slots=True)
class Subject:
    """The whole run: its plan, the server, the fields that could be described."""

    access: Access
    store: Store
    plan: PreflightPlan
    fields: tuple[FieldSubject, ...]

    # No field's name: this concerns them all.
    name: ClassVar[None] = None


def count(access: Access, store: Store, plan: PreflightPlan, target: Target) -> FieldSubject:
    """Count a field's rows, and keep the reason where that is not possible."""
    row = store.need(ATTNUM, [target.oid, target.field.column])
    counted = _counted(store, target)
    return FieldSubject(access, store, plan, target, row[0], counted)


def _counted(store: Store, target: Target) -> Contents | StoreError:
    try:
        return Contents(take_census(store, target), *_lengths(store, target))
    except ConnectionLost:
        raise
    except StoreError as error:
        return error


def _lengths(store: Store, target: Target) -> tuple[int, int]:
    parts: dict[str, sql.Composable] = {
        "secret": target.cell if target.is_document else target.secret,
        "table": target.table,
        "where": target.where,
        "empty": is_empty(target),
        "sealed": sql.SQL("false") if target.is_document else begins(target.secret, PREFIX),
    }
    shortest, longest = store.need(LENGTHS, (), **parts)
    return shortest, longest
