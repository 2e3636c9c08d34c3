"""Judge rows together, most of which are as they should be: they open and equal the backup."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, NamedTuple, Self

from reseal.envelope import IV_BYTES, PREFIX, TAG_BYTES
from reseal.envelopes import parts_all
from reseal.errors import EnvelopeError
from reseal.judge import Fact, Facts, Judge, Verdict
from reseal.place import KeyPart, key_texts_of_all
from reseal.secret import Secrets
from reseal.shape import Shape


class Looked(NamedTuple):
    """A row beside its sealed original, if it has one: version, text, original, key."""

    version: str
    text: str
    sealed: bytes | None
    key: tuple[KeyPart, ...]


@dataclass(frozen=True, slots=True)
class LookedRows:
    """The same of many rows, column by column."""

    versions: Sequence[str] = ()
    texts: Sequence[str] = ()
    sealed: Sequence[bytes | None] = ()
    keys: Sequence[tuple[KeyPart, ...]] = ()

    @classmethod
    def read(cls, rows: Sequence[tuple[Any, ...]]) -> Self:
        """Take what a cursor gave: version, text, original, and the parts of the key."""
        if not rows:
            return cls()
        versions, texts, sealed, *key = zip(*rows, strict=True)
        return cls(versions, texts, sealed, list(zip(*key, strict=True)))

    def __len__(self) -> int:
        return len(self.versions)

    def __iter__(self) -> Iterator[Looked]:
        return map(Looked, self.versions, self.texts, self.sealed, self.keys)

    def where(self, chosen: Sequence[bool]) -> "LookedRows":
        """Return some of them."""
        if all(chosen):
            return self
        return LookedRows(
            list(compress(self.versions, chosen)),
            list(compress(self.texts, chosen)),
            list(compress(self.sealed, chosen)),
            list(compress(self.keys, chosen)),
        )


def judge_alike(judge: Judge, rows: LookedRows) -> tuple[Facts, list[Looked]]:
    """Return the facts of the rows that are as they should be, and the other rows."""
    if judge.target.is_document or not rows:
        return Counter(), list(rows)
    is_whole = judge.original is None
    fit = [
        text.startswith(PREFIX) and (is_whole or original is not None)
        for text, original in zip(rows.texts, rows.sealed, strict=True)
    ]
    chosen = rows.where(fit)
    try:
        facts, right = _judged(judge, chosen)
    except EnvelopeError:
        # One of them is in trouble; each for itself shows which.
        return Counter(), list(rows)
    others = list(rows.where([not one for one in fit])) if len(chosen) < len(rows) else []
    if not all(right):
        others += chosen.where([not one for one in right])
    return facts, others


def _judged(judge: Judge, rows: LookedRows) -> tuple[Facts, list[bool]]:
    field, column = judge.target.field, judge.target.column
    envelopes = parts_all(column.judged_all(rows.texts))
    opened = judge.cipher.open_all(field.bound_keys(rows.keys), envelopes)
    right = _equal(judge, rows, opened)
    chosen = envelopes if all(right) else list(compress(envelopes, right))
    judge.imprinting.add_all(chosen)
    versions = Counter([envelope.key_version for envelope in chosen])
    is_backed_up = judge.original is not None
    verdict = Verdict.EQUAL if is_backed_up else Verdict.OPENS
    facts = {
        Fact(Shape.SEALED, verdict, version, IV_BYTES, TAG_BYTES, backed_up=is_backed_up): count
        for version, count in versions.items()
    }
    return Counter(facts), right


def _equal(judge: Judge, rows: LookedRows, opened: Secrets) -> list[bool]:
    if judge.original is None:
        return [True] * len(rows)
    sealed = [one or b"" for one in rows.sealed]
    texts = judge.original.cipher.open_all(key_texts_of_all(rows.keys), sealed)
    return opened.matching(judge.target.column.secrets_of(texts))
