"""Whether an index is worth its keep: decided from what was measured, and by nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass

from reseal.optimise.plan import Plan
from reseal.optimise.traffic import Load

# By how much pages and time have to fall. One page of the four or five that finding a row takes
# is a fifth; whatever saves less than that nobody notices, and every write would pay for it.
LEAST_PAGES = 0.2
LEAST_TIME = 0.2

# Below this EXPLAIN times its own instrumentation, and a busy machine more than the query: pages,
# which are the same at each look, decide alone.
SHORTEST_MILLISECONDS = 0.1

# What an entry of an index costs, in pages: a leaf that is written now, and once more when VACUUM
# takes the entry out.
PAGES_AN_ENTRY = 2.0

# The way down an index of four levels, and the row: no other index finds it by much less.
WAY_DOWN = 5


@dataclass(frozen=True, slots=True)
class Gain:
    """A query's plans without and with an index, and how often it is asked."""

    before: Plan
    after: Plan
    lookups: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an index stays, and why."""

    kept: bool
    why: str


def why_not_try(before: Plan, *, covers: bool) -> str | None:
    """Return what makes it needless to build an index for a query, None where nothing does."""
    if before.pages > WAY_DOWN or before.index is None:
        return None
    if before.node == "Index Only Scan":
        return f"{before.index} answers it alone, in {before.pages:g} pages"
    return None if covers else f"{before.index} finds the row in {before.pages:g} pages"


def judge(index: str, gains: Sequence[Gain], load: Load) -> Verdict:
    """Keep an index where the queries that take it gain enough, and more than its writes cost."""
    taking = [gain for gain in gains if gain.after.index == index]
    if not taking:
        return Verdict(False, "the planner does not take it")
    helped = [gain for gain in taking if _why_not_helped(gain) is None]
    if not helped:
        return Verdict(False, _why_not_helped(taking[0]) or "")
    spared = sum(gain.lookups * (gain.before.pages - gain.after.pages) for gain in taking)
    price = price_of(load)
    if spared < price:
        return Verdict(
            False, f"its writes cost {price:,.0f} pages for each {spared:,.0f} that it spares"
        )
    return Verdict(True, _said(helped[0]))


def price_of(load: Load) -> float:
    """Return what an index costs its table's writers, in pages."""
    # An update that is not HOT any more writes an entry of every index.
    return PAGES_AN_ENTRY * (load.entries + load.no_longer_hot * (load.indexes + 1))


def _why_not_helped(gain: Gain) -> str | None:
    before, after = gain.before, gain.after
    if after.pages > before.pages * (1 - LEAST_PAGES):
        return f"it spares less than {LEAST_PAGES:.0%} of the pages: {_said(gain)}"
    is_short = max(before.milliseconds, after.milliseconds) <= SHORTEST_MILLISECONDS
    if not is_short and after.milliseconds > before.milliseconds * (1 - LEAST_TIME):
        return f"it spares less than {LEAST_TIME:.0%} of the time: {_said(gain)}"
    return None


def _said(gain: Gain) -> str:
    before, after = gain.before, gain.after
    return (
        f"{before.pages:g} pages before, {after.pages:g} after; "
        f"{before.milliseconds:.3f} ms before, {after.milliseconds:.3f} ms after"
    )
