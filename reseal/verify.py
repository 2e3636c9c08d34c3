"""Open every envelope of a span and compare it with the backup; what comes out are facts."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from psycopg import sql

from reseal.backup.joins import beside
from reseal.conditions import is_empty
from reseal.imprints import Imprinting
from reseal.judge import GOOD, TROUBLES, Fact, Facts, Judge, Verdict
from reseal.judge_together import Looked, LookedRows, judge_alike
from reseal.keyring import Keyring
from reseal.original import Original
from reseal.place import key_texts
from reseal.quarantine.trouble import UNREADABLE, Trouble
from reseal.shape import Shape
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.span import Span

READ = """
SELECT t.xmin::text, {cell}, {original}, {key} FROM {heap} AS t {backup}
WHERE t.ctid >= %(first)s::tid AND t.ctid < %(after)s::tid AND ({where}) AND NOT {empty}
"""

EMPTY = """
SELECT count(*) FROM {heap} AS t
WHERE t.ctid >= %(first)s::tid AND t.ctid < %(after)s::tid AND ({where}) AND {empty}
"""

READ_ALL = "SET LOCAL cursor_tuple_fraction = 1"

_ROWS_AT_ONCE = 5000
# Where a whole table does not open, its rows are counted: their keys would fill the memory.
_MOST_NAMED = 50_000

Accepted = Mapping[tuple[str, ...], Trouble]


class Broken(NamedTuple):
    """A row whose envelope is broken; not `is_ours` if the run neither wrote nor backed it up."""

    key: list[str]
    verdict: Verdict
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Verification:
    """What a span's values are, and the rows whose envelope is broken, the first of them by key.

    `ours` are how many of them the run wrote or backed up, `others` how many it did not.
    """

    facts: Facts
    broken: list[Broken]
    ours: int = 0
    others: int = 0

    def __add__(self, other: "Verification") -> "Verification":
        return Verification(
            self.facts + other.facts,
            self.broken + other.broken,
            self.ours + other.ours,
            self.others + other.others,
        )


def verify(
    store: Store,
    target: Target,
    keyring: Keyring,
    original: Original | None,
    span: Span,
    written: frozenset[int] | None = None,
    accepted: Accepted = MappingProxyType({}),
    imprints: Path | None = None,
) -> Verification:
    """Open 100 % of a span's envelopes.

    `written` holds the row versions that a run wrote, where there is no backup to compare with.
    `accepted` tells by row key with what trouble a row was accepted as it is. `imprints` is the
    directory where those of what opens are kept.
    """
    cipher, imprinting = keyring.cipher(target.field.bound_name), Imprinting(imprints)
    judge = Judge(target, cipher, original, imprinting)
    verifying = Verifying(judge, written, accepted)
    with store.snapshot():
        # All of it is read: the first rows need not come soon.
        store.execute(READ_ALL)
        verifying.count_empty(_count_empty(store, target, span))
        for rows in _rows(store, target, original, span):
            verifying.look(rows)
    imprinting.write()
    return Verification(+verifying.facts, verifying.broken, verifying.ours, verifying.others)


class Verifying:
    """Gather facts part by part."""

    def __init__(self, judge: Judge, written: frozenset[int] | None, accepted: Accepted) -> None:
        self.facts: Facts = Counter()
        self.broken: list[Broken] = []
        self.ours = self.others = 0
        self._judge, self._written, self._accepted = judge, written, accepted

    def count_empty(self, rows: int) -> None:
        """Count rows that hold no secret."""
        self.facts[Fact(Shape.EMPTY, Verdict.NO_ENVELOPE)] += rows

    def look(self, rows: LookedRows) -> None:
        """Judge rows: what is as it should be together, the others one by one.

        What is as it should be is not excused either, whatever it was accepted with.
        """
        facts, others = judge_alike(self._judge, rows)
        self.facts += facts
        for row in others:
            self._look(row)

    def _look(self, row: Looked) -> None:
        fact = self._judge.fact(*row)
        is_broken = fact.verdict not in GOOD
        is_ours = is_broken and self._is_ours(row)
        fact = fact._replace(backed_up=row.sealed is not None)
        texts = key_texts(row.key)
        if self._accepted and not (is_ours and self._can_tell):
            fact = fact._replace(accepted=_is_excused(fact, self._accepted.get(tuple(texts))))
        self.facts[fact] += 1
        if is_broken and not fact.accepted:
            self._name(Broken(texts, fact.verdict, is_ours))

    def _name(self, row: Broken) -> None:
        self.ours += row.is_ours
        self.others += not row.is_ours
        if len(self.broken) < _MOST_NAMED:
            self.broken.append(row)

    @property
    def _can_tell(self) -> bool:
        return self._judge.original is not None or self._written is not None

    def _is_ours(self, row: Looked) -> bool:
        original, written = self._judge.original, self._written
        if original is not None:
            return row.sealed is not None or int(row.version) in original.written
        # Where nobody can tell, what may be our own fault counts as that.
        return written is None or int(row.version) in written


def _is_excused(fact: Fact, trouble: Trouble | None) -> bool:
    """Say whether what is wrong with a value is what its row was accepted with."""
    if trouble is None or fact.verdict in TROUBLES:
        return trouble is not None and trouble is TROUBLES.get(fact.verdict)
    return trouble not in UNREADABLE and fact.shape in trouble.shapes


def _count_empty(store: Store, target: Target, span: Span) -> int:
    parts = {"heap": span.table(target), "where": target.where, "empty": is_empty(target)}
    return int(store.need(EMPTY, span.bounds, **parts)[0])


def _rows(
    store: Store, target: Target, original: Original | None, span: Span
) -> Iterator[LookedRows]:
    """Yield the rows of a span that hold something, each beside its sealed original."""
    parts: dict[str, sql.Composable] = {
        "cell": target.cell,
        "key": target.key_values,
        "heap": span.table(target),
        "where": target.where,
        "empty": is_empty(target),
        **beside(store, target, original.run_id if original else None),
    }
    return map(LookedRows.read, store.in_parts_ahead(READ, _ROWS_AT_ONCE, span.bounds, **parts))
