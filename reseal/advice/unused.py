"""Advice on indexes that nobody has used since the server began to count."""

from collections.abc import Iterable
from datetime import datetime

from reseal.advice.advice import Advice
from reseal.advice.index import Index, by_name
from reseal.sizes import readable
from reseal.store.catalog import Target

# Of a smaller table a look at all of it costs no more than an index, so that none is used.
LEAST_PAGES = 16


def advise(target: Target, indexes: Iterable[Index], since: datetime | None) -> list[Advice]:
    """Advise to drop what was never scanned, and keeps nothing unique."""
    if target.pages < LEAST_PAGES:
        return []
    named = by_name(indexes)
    return [_advice(target, parts, since) for parts in named if all(map(_is_idle, parts))]


def _is_idle(index: Index) -> bool:
    needed = index.is_unique or index.mentions_secret
    return index.is_valid and not index.scans and not needed


def _advice(target: Target, parts: list[Index], since: datetime | None) -> Advice:
    index, takes = parts[0], readable(sum(part.bytes for part in parts))
    when = f"since {since:%Y-%m-%d}" if since else "since the server's statistics began"
    why = (
        f"It was scanned 0 times {when} (idx_scan), takes {takes}, and every insert writes it. "
        "That is this server alone: look at idx_scan on each replica by hand, and wait until the "
        "rarest job has run once."
    )
    what = f"drop the unused index {index.name}"
    return Advice(target.field.qualified_table, what, why, index.drop)
