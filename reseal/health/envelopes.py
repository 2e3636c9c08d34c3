"""Open what stands in some pages of a field, and say how much of it is as it should be."""

import random
from collections import Counter
from collections.abc import Iterable
from functools import reduce
from operator import add

from reseal.health import pages
from reseal.health.reading import Look, Opened
from reseal.judge import Facts, Verdict
from reseal.keyring import Keyring
from reseal.shape import Shape
from reseal.store import quarantine, schema
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.span import Span
from reseal.verify import verify

_BROKEN = frozenset({Verdict.WILL_NOT_OPEN, Verdict.MALFORMED, Verdict.UNKNOWN_KEY})


def look(
    store: Store, target: Target, keyring: Keyring, position: int, choice: random.Random
) -> Look:
    """Open the pages that are due and a few at random; no value is kept."""
    next_ones = pages.due(target, position)
    spans = [*next_ones.spans, *pages.at_random(target, next_ones, choice)]
    return Look(_opened(store, target, keyring, spans), next_ones.after, next_ones.a_round)


def _opened(store: Store, target: Target, keyring: Keyring, spans: Iterable[Span]) -> Opened:
    accepted = quarantine.accepted(store, target.field.name) if schema.exists(store) else {}
    return reduce(
        add,
        (
            told(verify(store, target, keyring, None, span, accepted=accepted).facts, span.pages)
            for span in spans
        ),
        Opened(),
    )


def told(facts: Facts, pages_seen: int) -> Opened:
    """Count the facts of some pages; what somebody has accepted as it is counts as good."""
    counts: Counter[str] = Counter()
    unknown: Counter[int] = Counter()
    for fact, rows in facts.items():
        counts["rows"] += rows
        if fact.shape is Shape.SEALED:
            counts["sealed"] += rows
        if fact.verdict is Verdict.UNKNOWN_KEY:
            unknown[fact.key_version] += rows
        if fact.accepted or fact.shape is Shape.EMPTY:
            continue
        if fact.shape is not Shape.SEALED:
            counts["unsealed"] += rows
        elif fact.verdict in _BROKEN:
            counts["broken"] += rows
    kinds = (counts["rows"], counts["sealed"], counts["unsealed"], counts["broken"])
    return Opened(pages_seen, *kinds, unknown)
