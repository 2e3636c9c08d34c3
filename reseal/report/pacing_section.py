"""Tables about the pace: how hard a run might work, what it looked at, and what it decided."""

from reseal.report import words
from reseal.report.facts import Facts, Part
from reseal.report.table import Cell, Section, Table, listing, text

_MOST_DECISIONS = 200
_IN_TABLES = ("decisions", "limits", "not_measured")


def about_pacing(facts: Facts) -> Section | None:
    """Tell how hard the run worked, and what made it work less hard."""
    pacing = facts.part("pacing")
    if not pacing:
        return None
    pairs = [(words.label(name), text(pacing[name])) for name in pacing if name not in _IN_TABLES]
    tables = [listing("How hard the run may work", pairs)] if pairs else []
    tables += [table for table in (_signals(pacing), _decisions(facts)) if table.rows]
    left_out = max(0, len(facts.decisions) - _MOST_DECISIONS)
    said = f"{words.count(left_out)} more decisions are in the manifest." if left_out else ""
    return Section("pacing", "Pacing", tuple(tables), said) if tables else None


def _signals(pacing: Part) -> Table:
    limits, missing = pacing.get("limits") or {}, pacing.get("not_measured") or {}
    measured = [(Cell(name), Cell(f"{limit:,g}")) for name, limit in limits.items()]
    others = [(Cell(name), Cell(f"not measured: {why}")) for name, why in missing.items()]
    return Table("What the server was asked", ("Signal", "Limit"), (*measured, *others))


def _decisions(facts: Facts) -> Table:
    rows = tuple(
        (Cell(str(place)), Cell(f"{one.at:%H:%M:%S}"), Cell(one.what))
        for place, one in enumerate(facts.decisions[:_MOST_DECISIONS], start=1)
    )
    return Table("Decisions", ("Number", "At (UTC)", "What was decided"), rows)
