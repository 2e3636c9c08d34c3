"""What the checks look at: the run as planned, the server, and each field once counted."""

from dataclasses import dataclass
from typing import ClassVar

from psycopg import sql

from reseal.access import Access
from reseal.census import Census, take_census
from reseal.conditions import begins, is_empty
from reseal.envelope import PREFIX
from reseal.errors import ConnectionLost, StoreError
from reseal.modes import Mode
from reseal.preflight.sample import sample
from reseal.store.catalog import Target
from reseal.store.heap import relations_of
from reseal.store.store import Store

LENGTHS = """
SELECT coalesce(min(octet_length({secret})), 0), coalesce(max(octet_length({secret})), 0),
       coalesce(avg(octet_length({secret})), 0)::float
FROM {table} AS t WHERE ({where}) AND NOT {empty} AND NOT {sealed}
"""


@dataclass(frozen=True, slots=True)
class PreflightPlan:
    """The run that preflight is to judge.

    `takes_over` False means that nothing will be written now, so that a run which is under way
    is worth a word and no refusal. `rotates` True means that the run sees to a new data key.
    `evidence` is the directory or URL where evidence will go.
    """

    mode: Mode
    skip_backup: bool = False
    is_development: bool = False
    embedded: bool = False
    takes_over: bool = True
    rotates: bool = False
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """What the rows of a field hold: the census, and the lengths in bytes of its plain secrets.

    `cell` is how many bytes an unsealed cell has on average, and `secrets` how many secrets; of
    documents both, and the lengths, are told from a sample.
    """

    census: Census
    shortest: int
    longest: int
    cell: float
    secrets: float = 1.0


@dataclass(frozen=True, slots=True)
class FieldSubject:
    """One field that the catalog could describe; `counted` is the error where it was not.

    `relations` are the table, its partitions and heirs, and the partitioned tables in between.
    """

    access: Access
    store: Store
    plan: PreflightPlan
    target: Target
    relations: tuple[int, ...]
    counted: Contents | StoreError

    @property
    def name(self) -> str:
        """The field's logical name."""
        return self.target.field.name

    @property
    def at(self) -> dict[str, object]:
        """Where the catalog keeps the column, as parameters; its number differs by table."""
        return {
            "oid": self.target.oid,
            "oids": list(self.relations),
            "heaps": [heap.oid for heap in self.target.heaps],
            "column": self.target.field.column,
        }

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
    # Partitioned tables store nothing, but they can have views and constraints.
    relations = relations_of(store, target.oid)
    return FieldSubject(access, store, plan, target, relations, _counted(store, target))


def _counted(store: Store, target: Target) -> Contents | StoreError:
    try:
        census = take_census(store, target)
        if target.is_document:
            return _sampled(store, target, census)
        return Contents(census, *_lengths(store, target))
    except ConnectionLost:
        raise
    except StoreError as error:
        return error


def _lengths(store: Store, target: Target) -> tuple[int, int, float]:
    parts: dict[str, sql.Composable] = {
        "secret": target.secret,
        "table": target.table,
        "where": target.where,
        "empty": is_empty(target),
        "sealed": begins(target.secret, PREFIX),
    }
    shortest, longest, mean = store.need(LENGTHS, (), **parts)
    return shortest, longest, mean


def _sampled(store: Store, target: Target, census: Census) -> Contents:
    with store.snapshot():
        rows = list(sample(store, target, target.table))
    plain = [
        (row.bytes, lengths)
        for row in rows
        if (lengths := [spot.bytes for spot in row.spots if not spot.is_sealed])
    ]
    if not plain:
        return Contents(census, 0, 0, 0.0)
    flat = [length for _, lengths in plain for length in lengths]
    mean = sum(size for size, _ in plain) / len(plain)
    return Contents(census, min(flat), max(flat), mean, len(flat) / len(plain))
