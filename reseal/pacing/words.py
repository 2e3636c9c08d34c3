"""What a plan comes to, in words: for decisions, for `status`, and for who finds a run stopped."""

from datetime import datetime
from typing import Any

from reseal.decision import Decision
from reseal.pacing.decide import Action, Plan, Why
from reseal.pacing.eta import Eta
from reseal.pacing.signal import Signal
from reseal.pacing.window import Window

_SAYS = {
    Action.GROW: "works at {share:.0%}",
    Action.HOLD: "works at {share:.0%}, and no harder,",
    Action.SHED: "works at {share:.0%}, and less hard,",
    Action.PAUSE: "is paused",
    Action.STOP: "is stopping",
}

Kind = tuple[str, Signal | None]

FULL: Kind = ("at full speed", None)


def kind(plan: Plan, told: Kind) -> Kind:
    """Return what a reader would want to know of a plan: as told last, unless that has changed."""
    signal = plan.because.signal if plan.because else None
    if plan.why is Why.PERSON:
        return told
    if plan.action in (Action.PAUSE, Action.STOP):
        return ("paused" if plan.action is Action.PAUSE else "stopped"), signal
    if plan.why is Why.UNKNOWN:
        return "no more work than now", signal
    if plan.action is Action.SHED:
        return "less work at a time", signal
    if plan.share == 1.0:
        return FULL
    return ("goes on, with less work at a time", None) if told[0] == "paused" else told


def decision(kind: Kind, plan: Plan, at: datetime, window: Window | None) -> Decision:
    """Return a plan as a decision."""
    because = plan.because
    measured = (because.signal, because.value, because.limit) if because else (None, None, None)
    return Decision(at, f"{kind[0]}: {reason(plan, at, window)}", plan.action, *measured)


def reason(plan: Plan, at: datetime, window: Window | None) -> str:
    """Say what a plan is owed to."""
    if plan.why is Why.WINDOW and window:
        return window.closed(at)
    if plan.because is None:
        return plan.why
    if plan.why is Why.UNKNOWN:
        return f"{plan.because.signal} is not known for {plan.because.age:.0f} s"
    return f"{plan.because}" + (", for too long" if plan.why is Why.PATIENCE else "")


def stopped(plan: Plan, at: datetime, window: Window | None) -> str:
    """Say why a run stops, and when it may go on."""
    if plan.why is Why.WINDOW and window:
        opens = window.next_opening(at).isoformat("T", "minutes")
        return f"the window {window} has closed; the same command goes on from {opens}"
    because = plan.because
    if plan.why is Why.UNKNOWN and because:
        known = f"{because.signal} was not known for {because.age:.0f} s"
        return f"{known}, so that nothing kept the run from doing harm; the same command goes on"
    return f"paused for too long, as {because}; the same command goes on once that is better"


def late(eta: dict[str, Any], done_by: datetime) -> str:
    """Warn that a run may not be done in time."""
    soonest, latest = eta["soonest"], eta["latest"] or "an unknown time"
    return (
        f"may not be done by {done_by.isoformat('T', 'minutes')}: the rows of {eta['of']} are "
        f"expected to be done between {soonest} and {latest}"
    )


def spelled(eta: Eta, of: str, at: datetime) -> dict[str, Any]:
    """Return when what is under way is expected to be done."""
    soonest, latest = (
        None if seconds is None else datetime.fromtimestamp(at.timestamp() + seconds, at.tzinfo)
        for seconds in eta
    )
    return {
        "of": of,
        "soonest": soonest and soonest.isoformat("T", "seconds"),
        "latest": latest and latest.isoformat("T", "seconds"),
    }


def at_work(said: dict[str, Any]) -> str:
    """Say what a run has told of its pace: how hard it works and why, how far, and until when."""
    since = datetime.fromisoformat(said["since"])
    text = (
        f"{_SAYS[Action(said['action'])].format(share=said['share'])} since {since:%H:%M:%S} UTC: "
    )
    text += said["why"]
    if said["stage"]:
        text += f"; {said['stage']} {said['field']}: {said['done']:,} of {said['total']:,} rows"
    eta = said["eta"]
    if eta:
        text += f", done between {eta['soonest']} and {eta['latest'] or 'nobody knows when'}"
    return f"{text}; late for {said['done_by']}" if said["is_late"] else text
