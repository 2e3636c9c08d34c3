"""A plan in words: Markdown that reads well in a terminal, too."""

from datetime import UTC

from reseal.approval.plan import FieldPlan, Plan
from reseal.sizes import readable

_TO_DO = {"encrypt_secrets": "Seal {} secrets", "rotate_keys": "Put {} secrets under a new key"}


def in_words(plan: Plan) -> str:
    """Return what the run is about to do, with its costs and risks."""
    intent, asking, grows = plan.intent, plan.asking, plan.growth
    to_do = _TO_DO[intent.flow].format(f"{plan.to_write:,}")
    lines = [
        f"**{to_do}, in {plan.database} on {plan.server}?** Nothing is written before you answer.",
        "",
        *(f"- {name}: {_counts(part)}" for name, part in plan.fields.items()),
        f"- Mode: {intent.mode.value}. Keys: {intent.keys}.",
        f"- Time: about {_duration(plan.estimate.seconds)}, by {plan.estimate.source} "
        f"({plan.estimate.rows_a_second:,.0f} rows/s).",
        f"- Write-ahead log: about {readable(grows.log)}. Table: +{readable(grows.table)}. "
        f"Backup: +{readable(grows.backup)}. Disk: {plan.disk}.",
        f"- Asked by {asking.by} on {asking.host}. Answer until "
        f"{asking.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC, or nothing is done.",
        "",
        "Risks:" if plan.risks else "Risks: none found.",
        *(f"- {risk}" for risk in plan.risks),
    ]
    return "\n".join(lines)


def _counts(part: FieldPlan) -> str:
    said = [f"{part.to_write:,} to write of {part.rows:,} rows"]
    said += [f"{part.set_aside:,} to set aside, as they are"] * bool(part.set_aside)
    said += [f"{part.settled:,} sealed already"] * bool(part.settled)
    said += [f"{part.empty:,} without a secret"] * bool(part.empty)
    return ", ".join(said)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"
