"""Give login queries a covering partial index, built beside the running application.

The index never holds a secret, and its predicate mentions none either: an index that does makes
every later rotation write all indexes anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from reseal.errors import ConnectionLost, StoreError
from reseal.optimise import build, hypothetical
from reseal.optimise.build import Index
from reseal.optimise.columns import Columns, columns_of
from reseal.optimise.found import Found, Source, find
from reseal.optimise.plan import Plan, measure
from reseal.optimise.policy import OptimisePolicy
from reseal.optimise.proposal import Proposal, merged, prefix, propose
from reseal.optimise.query import Query
from reseal.optimise.result import Optimisation, Trial
from reseal.optimise.samples import Row, sample
from reseal.optimise.traffic import Traffic, traffic_of
from reseal.optimise.verdict import WAY_DOWN, Gain, Verdict, judge, why_not_try
from reseal.patience import Patience
from reseal.store.catalog import Target
from reseal.store.limits import NO_LIMIT, limits
from reseal.store.store import Store

# duplicate_table (PostgreSQL manual, appendix A), which an index of that name is as well.
_STANDS = "42P07"

_SINCE = "it stands since an earlier run"

# From a quarter of a second on, some ten seconds in all.
_A_WHILE = Patience(tries=6, first_wait=0.25)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wished of an optimisation: `dry_run` builds nothing and says what would be tried.

    `secret` are the columns of other fields on the same table.
    """

    policy: OptimisePolicy = field(default_factory=OptimisePolicy)
    secret: frozenset[str] = frozenset()
    dry_run: bool = False


def optimise(
    store: Store, target: Target, patience: Patience = _A_WHILE, wish: Wish | None = None
) -> Optimisation:
    """Measure the login queries, build what would help them, and keep what does.

    `patience` is for whoever keeps the server from knowing which pages all can see. What the
    database refuses is told in the result: without an index a run is as good.
    """
    wish = wish or Wish()
    if len(target.heaps) > 1:
        return Optimisation(None, kept=False, reason="the table is stored in several heaps")
    columns = columns_of(store, target, wish.secret)
    found = find(store, target, columns, wish.policy)
    refused = [_refused(name, why) for name, why in found.refused]
    if not found.queries and refused:
        return Optimisation.of(refused)
    if not found.queries:
        return Optimisation(None, kept=False, reason="no login column with a flag was found")
    work = _Work(store, target, columns, patience, wish.dry_run)
    with limits(store, lock="60s", statement=NO_LIMIT):
        try:
            return _optimised(work, found.queries, refused)
        except ConnectionLost:
            raise
        except StoreError as error:
            first = found.queries[0]
            shown = first.query.shown(target.table)
            return Optimisation.of([Trial(shown, first.source, why=str(error), failed=True)])


@dataclass(frozen=True, slots=True)
class _Work:
    """A table that is being optimised."""

    store: Store
    target: Target
    columns: Columns
    patience: Patience
    dry_run: bool

    def plan(self, asked: "_Asked") -> Plan:
        return measure(self.store, self.target.table, asked.query, asked.values)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query that an index may help, with the values that it is asked with, and its plan."""

    trial: Trial
    query: Query
    values: list[Row] = field(repr=False)
    before: Plan
    proposal: Proposal


def _refused(name: str, why: str) -> Trial:
    return Trial(name, Source.CONFIGURED, why=f"it is not run: {why}")


def _optimised(work: _Work, found: Sequence[Found], refused: list[Trial]) -> Optimisation:
    leftovers: list[str] = []
    traffic = traffic_of(work.store, work.target, work.columns)
    if not work.dry_run:
        # Without fresh statistics and visibility the plans before and after say nothing.
        build.vacuum(work.store, work.target)
        leftovers = build.drop_leftovers(work.store, work.target)
    looked = [_looked(work, one) for one in found]
    asked = [one for one in looked if isinstance(one, _Asked)]
    trials = [one for one in looked if isinstance(one, Trial)]
    for proposal in merged(one.proposal for one in asked):
        mine = [one for one in asked if one.proposal.key == proposal.key]
        trials += _tried(work, traffic, Index(work.target, proposal), mine)
    return Optimisation.of([*trials, *refused], leftovers)


def _looked(work: _Work, found: Found) -> _Asked | Trial:
    """Measure a query as it is, and say which index would help it, or why none is tried."""
    table = work.target.table
    trial = Trial(found.query.shown(table), found.source, found.calls)
    try:
        values = sample(work.store, work.target, found.query)
        if not values:
            return replace(trial, why="no row is such as it looks for")
        before = measure(work.store, table, found.query, values)
    except ConnectionLost:
        raise
    except StoreError as error:
        return replace(trial, why=f"it cannot be measured: {error}")
    trial = replace(trial, before=before)
    if _is_served(before, work.target):
        return replace(trial, index=before.index, kept=True, why=_SINCE)
    proposal = propose(found.query, work.columns)
    if proposal is None:
        return replace(trial, why="it looks rows up by their key, or by flags alone")
    why_not = why_not_try(before, covers=proposal.covers)
    if why_not is not None:
        return replace(trial, why=why_not)
    return _Asked(trial, found.query, values, before, proposal)


def _is_served(before: Plan, target: Target) -> bool:
    """Say whether an index of our own finds the row already, so that it needs no other."""
    is_ours = before.index and before.index.startswith(prefix(target.field.table))
    return bool(is_ours) and before.pages <= WAY_DOWN


def _tried(work: _Work, traffic: Traffic, index: Index, asked: list[_Asked]) -> list[Trial]:
    """Try an index on the queries that it is for; it stays or is gone when this returns."""

    def said(verdict: Verdict, *, failed: bool = False) -> list[Trial]:
        return [
            replace(
                one.trial,
                index=index.name,
                definition=index.proposal.shown,
                kept=verdict.kept,
                why=verdict.why,
                failed=failed,
            )
            for one in asked
        ]

    if build.is_valid(work.store, index):
        taken = any(one.before.index == index.name for one in asked)
        return said(Verdict(True, _SINCE if taken else f"{_SINCE}, and the planner passes it by"))
    estimate = _estimate(work, index, asked)
    if work.dry_run or not estimate.kept:
        return said(Verdict(False, estimate.why))
    try:
        build.build(work.store, index)
        verdict, plans = _settled(work, traffic, index, asked)
        if not verdict.kept:
            build.drop(work.store, index)
    except ConnectionLost:
        raise
    except StoreError as error:
        return said(Verdict(False, _given_up(work, index, error)), failed=True)
    return [replace(trial, after=plan) for trial, plan in zip(said(verdict), plans, strict=True)]


def _estimate(work: _Work, index: Index, asked: list[_Asked]) -> Verdict:
    """Ask the planner, where HypoPG lets one ask, whether it is worth building at all."""
    try:
        schema = hypothetical.extension(work.store)
        if schema is None:
            return Verdict(True, "it would be built and measured")
        guesses = [
            (one, *hypothetical.would_take(work.store, schema, index, one.query, one.values[0]))
            for one in asked
        ]
    except ConnectionLost:
        raise
    except StoreError:
        # It knows fewer kinds of index than the server does.
        return Verdict(True, "it would be built and measured; HypoPG cannot judge it")
    for one, takes, cost in guesses:
        if takes:
            why = f"by HypoPG the cost falls from {one.before.cost:g} to {cost:g}"
            return Verdict(True, f"it would be built and measured: {why}")
    return Verdict(False, "by HypoPG the planner would not take it")


def _settled(
    work: _Work, traffic: Traffic, index: Index, asked: list[_Asked]
) -> tuple[Verdict, list[Plan]]:
    """Judge an index that was built, as soon as the server knows which pages all can see."""
    verdict, plans = _judged(work, traffic, index, asked)
    for attempt in range(work.patience.tries):
        if verdict.kept or build.is_all_visible(work.store, work.target):
            break
        # What is committed and not yet on disk keeps pages from being all-visible, and so does a
        # snapshot of somebody else's, be it autovacuum's; without that an index answers nothing.
        work.patience.wait(attempt)
        build.vacuum(work.store, work.target)
        verdict, plans = _judged(work, traffic, index, asked)
    return verdict, plans


def _judged(
    work: _Work, traffic: Traffic, index: Index, asked: list[_Asked]
) -> tuple[Verdict, list[Plan]]:
    plans = [work.plan(one) for one in asked]
    gains = [
        Gain(one.before, plan, traffic.lookups(one.trial.calls))
        for one, plan in zip(asked, plans, strict=True)
    ]
    return judge(index.name, gains, traffic.load(index.proposal.columns)), plans


def _given_up(work: _Work, index: Index, error: StoreError) -> str:
    """Take away an index that could not be built or judged; return what became of it."""
    if error.sqlstate == _STANDS:
        # Another runner was quicker, and judges it.
        return str(error)
    try:
        build.drop(work.store, index)
    except ConnectionLost:
        raise
    except StoreError as later:
        # If it is not valid the next run takes it away.
        return f"{error}; {index.name} cannot be dropped now: {later}"
    return str(error)
