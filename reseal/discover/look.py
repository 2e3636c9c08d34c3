"""Look into one table: which of its columns and leaves hold secrets, by a sample of its rows."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from reseal.discover.hints import Hint, hint, of_a_row
from reseal.discover.judge import Confidence, Verdict, What, judge
from reseal.discover.kinds import Kind, kind_of
from reseal.discover.leaves import Spot, path_of, strings
from reseal.discover.sample import (
    Group,
    Sample,
    Tally,
    can_be_judged,
    count,
    documents,
    filled,
    first,
    patient,
    usual,
)
from reseal.discover.tables import Table
from reseal.path import Every, Path
from reseal.store.column import Column
from reseal.store.store import Store

# A document with more different paths is a map, whose names are data.
_MOST_PATHS = 400
# A column of so many different words does not say of what kind a row is.
_MOST_GROUPS = 50
_FEW_VALUES = 20

Hinting = Callable[[str, str, Path | None], Hint]
Tallies = dict[tuple[Column, Path | None, Group], Tally]


@dataclass(frozen=True, slots=True)
class Finding:
    """A column, or a leaf of its documents, and what it holds."""

    table: Table
    column: Column
    path: Path | None
    verdict: Verdict

    @property
    def what(self) -> What:
        """What it holds."""
        return self.verdict.what

    @property
    def is_likely(self) -> bool:
        """Whether that is more than possible."""
        return self.verdict.confidence is Confidence.LIKELY

    @property
    def place(self) -> tuple[str, str, str, str | None]:
        """Where that is: schema, table, column, and path if any."""
        path = str(self.path) if self.path else None
        return self.table.schema, self.table.name, self.column.name, path


def look(store: Store, table: Table, only: tuple[Column, ...] = ()) -> list[Finding]:
    """Return what the columns of a table hold, or of only some of them.

    Raise StoreError where the table cannot be read, and Transient where that takes too long.
    """
    with patient(store):
        columns = only or table.columns
        tallies = _tallies(store, first(table), columns)
        found = _judged(table, tallies, hint)
        if not _is_worth_more(table, columns, tallies, found):
            return _sorted(found)
        sample = usual(table)
        tallies = _tallies(store, sample, columns)
        sparse = _sparse(table, columns, tallies)
        if sparse and not sample.whole:
            tallies |= _tallies(store, filled(table, sparse), sparse)
        found = _judged(table, tallies, hint)
        if not any(one.is_likely and one.what is not What.FOREIGN for one in found):
            found += _marked(store, table, tallies)
    return _sorted(found)


def _tallies(store: Store, sample: Sample, columns: tuple[Column, ...]) -> Tallies:
    counted = count(store, sample, tuple(filter(can_be_judged, columns)))
    tallies: Tallies = {(column, None, group): t for (column, group), t in counted.items()}
    written = {column for (column, _), tally in counted.items() if tally.found[Kind.DOCUMENT]}
    holders = tuple(c for c in columns if not can_be_judged(c) or c in written)
    return tallies | _leaves(documents(store, sample, holders))


def _leaves(found: Iterable[tuple[Column, Group, str]]) -> Tallies:
    tallies: dict[tuple[Column, Group], dict[Spot, Tally]] = {}
    # To tell different values apart, only their hashes are kept.
    hashes: set[tuple[Column, Group, Spot, int]] = set()
    for column, group, text in found:
        of_column = tallies.setdefault((column, group), {})
        for spot, leaf in strings(text):
            kind = kind_of(leaf)
            if kind is None or (spot not in of_column and len(of_column) >= _MOST_PATHS):
                continue
            tally = of_column.setdefault(spot, Tally())
            known = (column, group, spot, hash(leaf))
            tally.found[kind] += 1
            tally.several[kind] += known not in hashes
            hashes.add(known)
    return {
        (column, path_of(spot), group): tally
        for (column, group), of_column in tallies.items()
        for spot, tally in of_column.items()
    }


def _sorted(found: Iterable[Finding]) -> list[Finding]:
    return sorted(found, key=lambda one: (one.place[:3], one.place[3] or "", one.what))


def _is_worth_more(
    table: Table, columns: tuple[Column, ...], tallies: Tallies, found: list[Finding]
) -> bool:
    """Say whether names or a first few values make it likely that a table holds secrets."""
    hints = (hint(table.name, column.name) for column in columns)
    return (
        any(said.strong or said.weak or said.spare for said in hints)
        or any(one.is_likely for one in found)
        or any(tally.found[Kind.WORD] for tally in tallies.values())
    )


def _judged(table: Table, tallies: Tallies, hinting: Hinting) -> list[Finding]:
    return [
        Finding(table, column, path, verdict)
        for (column, path, _), tally in tallies.items()
        for verdict in judge(
            tally,
            hinting(table.name, column.name, path),
            is_list=path is not None and Every() in path.steps,
            is_bytes=column.is_bytes,
        )
    ]


def _sparse(table: Table, columns: tuple[Column, ...], tallies: Tallies) -> tuple[Column, ...]:
    """Return the columns that are named as if they held secrets, and in the sample hold few."""
    values: Counter[Column] = Counter()
    for (column, _, _), tally in tallies.items():
        values[column] += tally.found.total()
    hints = {c: hint(table.name, c.name) for c in columns if values[c] < _FEW_VALUES}
    return tuple(column for column, said in hints.items() if said.strong or said.spare)


def _marked(store: Store, table: Table, tallies: Tallies) -> list[Finding]:
    """Look once more, where a column says which rows are about MFA, at only those rows."""
    best: dict[tuple[str, str, str, str | None], Finding] = {}
    for discriminator in _discriminators(tallies):
        others = tuple(c for c in table.columns if c is not discriminator)
        sample = replace(usual(table), discriminator=discriminator)
        marked = {at: t for at, t in _tallies(store, sample, others).items() if at[2].marked}
        for one in _judged(table, marked, of_a_row):
            if one.is_likely:
                best.setdefault(one.place, one)
    return list(best.values())


def _discriminators(tallies: Tallies) -> list[Column]:
    return [
        column
        for (column, path, _), tally in tallies.items()
        if path is None
        and 1 <= tally.several[Kind.WORD] <= _MOST_GROUPS
        and tally.found[Kind.WORD] > tally.several[Kind.WORD]
    ]
