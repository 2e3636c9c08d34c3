"""The storage efficiency: how little a table takes beyond what its rows need, in points."""

from collections.abc import Callable, Mapping

from reseal.scores.finding import Finding, Unknown, falling, of_part, percent, together
from reseal.scores.reading import Slack, StorageReading, TableReading
from reseal.scores.score import Rule, Score

# In fewer pages than these, whole pages are what counts, and a share says nothing.
LEAST_PAGES = 16

Tables = list[TableReading]
Judge = Callable[[Tables], Finding | Unknown]


def dead(tables: Tables) -> Finding | Unknown:
    """Tell which share of the row versions is dead, by the server's statistics."""
    living, gone = sum(one.live for one in tables), sum(one.dead for one in tables)
    if not living + gone:
        return Unknown("the server's statistics know of no rows; they may have been reset")
    share = gone / (living + gone)
    said = f"{gone:,} of {living + gone:,} row versions are dead."
    return Finding(percent(share), falling(share, 0.02, 0.2), said)


def bloat(tables: Tables) -> Finding | Unknown:
    """Tell which share of the heap holds nothing live, beyond what a fillfactor keeps free."""
    unknown = _too_small(tables) or _any_unknown({one.name: one.slack for one in tables})
    if unknown:
        return unknown
    known = [(one, one.slack) for one in tables if isinstance(one.slack, Slack)]
    whole = sum(one.heap_bytes for one, _ in known)
    # A table is not the better for another's being full.
    idle = sum(max(0.0, slack.share - one.reserved) * one.heap_bytes for one, slack in known)
    share, sources = idle / whole, ", ".join(sorted({slack.source for _, slack in known}))
    said = f"{percent(share)} of {whole:,} bytes hold nothing live, {sources}."
    return Finding(percent(share), falling(share, 0.15, 0.6), said)


def row_bytes(tables: Tables) -> Finding | Unknown:
    """Tell how many bytes of the heap a row takes for each that it needs."""
    unknown = _too_small(tables) or _any_unknown({one.name: one.row_bytes for one in tables})
    if unknown:
        return unknown
    rows = sum(one.rows for one in tables)
    needed = sum(one.rows * one.row_bytes for one in tables if isinstance(one.row_bytes, float))
    if not needed:
        return Unknown("the catalog knows of no rows; run ANALYZE")
    taken = sum(one.heap_bytes for one in tables)
    said = f"A row takes {taken / rows:,.0f} bytes of the heap and needs {needed / rows:,.0f}."
    return Finding(f"{taken / needed:.2f} times", falling(taken / needed, 1.2, 2.5), said)


def hot(tables: Tables) -> Finding | Unknown:
    """Tell which share of the applications' updates wrote no index (HOT), by the statistics."""
    unknown = _any_unknown({one.name: one.swept for one in tables})
    if unknown:
        return unknown
    swept = sum(one.swept for one in tables if isinstance(one.swept, int))
    updated, without = sum(one.updated for one in tables), sum(one.hot for one in tables)
    since = min((one.since for one in tables if one.since), default=None)
    when = f"since {since:%Y-%m-%d}" if since else "since the statistics began"
    others = updated - swept
    if others <= 0:
        but = f"; runs have, {swept:,} times" if swept else ""
        return Unknown(f"no application has updated a row {when}{but}")
    # Whether a sweep's were HOT nobody counts; on full pages they are not.
    share = min(1.0, without / others)
    said = f"{without:,} of {others:,} updates of applications {when} wrote no index."
    return Finding(percent(share), falling(1 - share, 0.1, 1.0), said)


def indexes(tables: Tables) -> Finding | Unknown:
    """Tell how large the indexes are beside the heap."""
    small = _too_small(tables)
    if small:
        return small
    heap, index = sum(one.heap_bytes for one in tables), sum(one.index_bytes for one in tables)
    said = f"The indexes take {index:,} bytes beside {heap:,} of the heap."
    return Finding(f"{index / heap:.2f} of the heap", falling(index / heap, 0.5, 2.0), said)


def _too_small(tables: Tables) -> Unknown | None:
    pages = sum(one.pages for one in tables)
    if pages >= LEAST_PAGES:
        return None
    return Unknown(f"{pages} pages of heap are too few; from {LEAST_PAGES} on it says something")


def _any_unknown(found: Mapping[str, object]) -> Unknown | None:
    whys = _whys(found)
    return Unknown(together(whys)) if whys else None


def _whys(found: Mapping[str, object]) -> dict[str, str]:
    return {name: one.why for name, one in found.items() if isinstance(one, Unknown)}


def _over(judge: Judge, reading: StorageReading) -> Finding | Unknown:
    """Judge the tables that could be read, as a part of all."""
    read = [one for _, one in reading.tables if isinstance(one, TableReading)]
    missing = _whys(dict(reading.tables))
    if not read:
        return Unknown(together(missing))
    found = judge(read)
    if isinstance(found, Unknown):
        return found
    return of_part(found, len(read), [f"{name}: {why}" for name, why in missing.items()])


def _rule(name: str, most: int, judge: Judge) -> Rule[StorageReading]:
    return Rule(name, most, lambda reading: _over(judge, reading))


# The most points say how much each weighs; together they are 100. docs/scores.md tells why.
RULES: tuple[Rule[StorageReading], ...] = (
    _rule("bloat", 25, bloat),
    _rule("index bytes", 25, indexes),
    _rule("dead rows", 20, dead),
    _rule("HOT updates", 20, hot),
    _rule("bytes a row", 10, row_bytes),
)


def storage_efficiency(reading: StorageReading) -> Score:
    """Compute the storage efficiency."""
    return Score("storage efficiency", tuple(rule.term(reading) for rule in RULES))
