"""What became of quarantined rows that were tried again: opened, each by itself, and judged."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from reseal.access import Access
from reseal.judge import GOOD, TROUBLES, Fact, Judge, Verdict
from reseal.keyring import Keyring
from reseal.original import Original
from reseal.quarantine.standing import Standing, standing
from reseal.quarantine.trouble import SENTENCES, SetAside
from reseal.shape import Shape
from reseal.store import quarantine
from reseal.store.catalog import Target
from reseal.store.quarantine import Key
from reseal.store.store import Store


class Fate(StrEnum):
    """What became of a row."""

    SEALED = "sealed"
    """It held plaintext, which was sealed."""
    RESEALED = "resealed"
    """It held an envelope, which was put under the active key."""
    LEFT = "left"
    """It is still in trouble."""
    GONE = "gone"
    """It is in no trouble any more: deleted, disabled, or sealed by somebody else."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of each row; `broken` are rows that do not hold what was just sealed there.

    `failed_claims` is what else should be true of the field's retry and is not, in words.
    """

    fates: dict[Key, Fate] = field(default_factory=dict)
    broken: list[Key] = field(default_factory=list)
    failed_claims: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, int]:
        """Return how many rows were tried, and how many came to which end."""
        counts = {fate.value: list(self.fates.values()).count(fate) for fate in Fate}
        return {"tried": len(self.fates), **counts}

    @property
    def left(self) -> list[Key]:
        """The rows that are still in trouble."""
        return [key for key, fate in self.fates.items() if fate is Fate.LEFT]


def judge(
    access: Access,
    store: Store,
    run_id: UUID,
    name: str,
    rows: frozenset[Key],
    had: Mapping[Key, Shape],
) -> Judgement:
    """Open what stands in the rows; set aside anew what does not open, and forget the others.

    `had` is what stood in the rows that the run meant to turn.
    """
    target, keyring = access.target(store, name), access.keyring(store)
    judging = _Judging(target, keyring, access.original(store, run_id, name), had)
    judgement = Judgement(dict.fromkeys(sorted(rows), Fate.GONE))
    troubles = []
    for row in standing(store, target, run_id):
        if row.row_key not in rows:
            continue
        fact = judging.fact(row)
        fate = judging.fate(row, fact)
        # Of tables that inherit from each other, several rows can have one key.
        if judgement.fates[row.row_key] is not Fate.LEFT:
            judgement.fates[row.row_key] = fate
        if fact.verdict in TROUBLES:
            trouble = TROUBLES[fact.verdict]
            troubles.append(SetAside(list(row.row_key), trouble, SENTENCES[trouble]))
        if fact.verdict not in GOOD and judging.wrote(row):
            judgement.broken.append(row.row_key)
    with store.transaction():
        quarantine.set_aside(store, run_id, name, troubles)
        quarantine.forget(store, name, _ended(judgement))
    return judgement


def _ended(judgement: Judgement) -> Iterator[Key]:
    return (key for key, fate in judgement.fates.items() if fate is not Fate.LEFT)


@dataclass(frozen=True, slots=True)
class _Judging:
    target: Target
    keyring: Keyring
    original: Original | None
    had: Mapping[Key, Shape]

    def fact(self, row: Standing) -> Fact:
        """Open a row; where its original is in the run's backup, compare it with that."""
        if row.text is None:
            return Fact(Shape.EMPTY, Verdict.NO_ENVELOPE)
        cipher = self.keyring.cipher(self.target.field.bound_name)
        original = self.original if row.sealed is not None else None
        return Judge(self.target, cipher, original).fact(row.version, row.text, row.sealed, row.key)

    def fate(self, row: Standing, fact: Fact) -> Fate:
        """Tell what became of a row by what stands in it now."""
        if fact.shape is Shape.EMPTY:
            return Fate.GONE
        is_current = fact.key_version == self.keyring.active
        if fact.shape is not Shape.SEALED or fact.verdict not in GOOD or not is_current:
            return Fate.LEFT
        if not self.wrote(row):
            return Fate.GONE
        return Fate.RESEALED if self.had.get(row.row_key) is Shape.SEALED else Fate.SEALED

    def wrote(self, row: Standing) -> bool:
        """Say whether the row stands as the run wrote it."""
        return self.original is not None and int(row.version) in self.original.written
