"""Decide how hard a run works from now on; no clock, no database, no memory but the last plan.

Below four tenths of the tightest limit it works harder, up to seven it stays as it is, up to the
limit it works less, and at the limit it pauses, to go on with half as much. What is not known holds
it where it is, and stops it after a while. What a person asks comes before all of that.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil, inf

from reseal.pacing.limits import Bounds
from reseal.pacing.signal import BUDGETS, Reading
from reseal.store.control import Request

_GROWS_BELOW, _SHEDS_FROM, _PAUSES_FROM = 0.4, 0.7, 1.0
_GROWTH, _SHEDDING, _CUT = 1.25, 0.8, 0.5
# More work shows after a while only, so that growth waits for it.
_GROWS_EVERY, _SHEDS_EVERY = 2.0, 1.0
# A steady load of others may keep a signal just below its limit for good.
_PAUSE_ENDS_AFTER = 5.0
LEAST_SHARE = 1 / 16


class Action(StrEnum):
    """What a run does about what it sees."""

    GROW = "grow"
    HOLD = "hold"
    SHED = "shed"
    PAUSE = "pause"
    STOP = "stop"


class Why(StrEnum):
    """What a plan is owed to."""

    CALM = "nothing is near its limit"
    PRESSURE = "a signal is near or over its limit"
    UNKNOWN = "a signal is not known any more"
    PATIENCE = "a signal was over its limit for too long"
    PERSON = "a person asked"
    WINDOW = "the window is closed"


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known at a moment.

    `is_open` says whether the window is, `is_awaited` whether somebody waits for a pause to end.
    """

    at: float
    readings: tuple[Reading, ...] = ()
    asked: Request | None = None
    is_open: bool = True
    is_awaited: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do: `share` is how much of its usual work a run does while it works.

    `because` is the reading it is owed to, `since` when it began to be, `changed` when the share
    was last changed, `awaited_since` since when somebody waits for the end of this pause.
    """

    action: Action = Action.GROW
    why: Why = Why.CALM
    share: float = 1.0
    because: Reading | None = None
    since: float = -inf
    changed: float = -inf
    awaited_since: float | None = None

    def workers(self, count: int) -> int:
        """Return how many of so many workers may work."""
        return max(1, ceil(count * self.share))

    @property
    def cause(self) -> tuple[object, ...]:
        """What has to change for the plan to be another one."""
        return self.action, self.why, self.because.signal if self.because else None


def decide(before: Plan, seen: Seen, bounds: Bounds) -> Plan:
    """Return the plan that follows another, with what is seen now."""
    plan = _asked(before, seen) or _measured(before, seen, bounds)
    plan = replace(plan, since=before.since if plan.cause == before.cause else seen.at)
    if plan.share != before.share:
        plan = replace(plan, changed=seen.at)
    return _patient(before, plan, seen, bounds)


def _asked(before: Plan, seen: Seen) -> Plan | None:
    if seen.asked is Request.STOP:
        return replace(before, action=Action.STOP, why=Why.PERSON, because=None)
    if before.action is Action.STOP:
        return before
    if not seen.is_open:
        return replace(before, action=Action.STOP, why=Why.WINDOW, because=None)
    if seen.asked is Request.PAUSE:
        return replace(before, action=Action.PAUSE, why=Why.PERSON, because=None)
    return None


def _measured(before: Plan, seen: Seen, bounds: Bounds) -> Plan:
    stalest = max(seen.readings, key=lambda one: one.age, default=None)
    if stalest and stalest.age > bounds.blind_seconds:
        return replace(before, action=Action.STOP, why=Why.UNKNOWN, because=stalest)
    over = _over(before, seen)
    if over:
        # Still the same pause: what comes after it was cut when it began.
        cut = 1.0 if _is_pressed(before) else _CUT
        share = max(LEAST_SHARE, before.share * cut)
        return replace(before, action=Action.PAUSE, why=Why.PRESSURE, share=share, because=over)
    if stalest and stalest.age > bounds.stale_seconds:
        return replace(before, action=Action.HOLD, why=Why.UNKNOWN, because=stalest)
    return _steered(before, seen)


def _over(before: Plan, seen: Seen) -> Reading | None:
    """Return the reading that a run has to pause for, if any: the tightest."""
    over = [one for one in seen.readings if one.part >= _ends_at(before, one, seen.at)]
    return max(over, key=lambda one: one.part, default=None)


def _ends_at(before: Plan, reading: Reading, at: float) -> float:
    is_cause = _is_pressed(before) and before.because and before.because.signal is reading.signal
    return _SHEDS_FROM if is_cause and at - before.since < _PAUSE_ENDS_AFTER else _PAUSES_FROM


def _is_pressed(before: Plan) -> bool:
    return before.action is Action.PAUSE and before.why is Why.PRESSURE


def _steered(before: Plan, seen: Seen) -> Plan:
    gauges = [one for one in seen.readings if one.signal not in BUDGETS]
    tightest = max(gauges, key=lambda one: one.part, default=None)
    part = tightest.part if tightest else 0.0
    pressed = replace(before, why=Why.PRESSURE, because=tightest)
    for_long = seen.at - before.changed
    if part >= _SHEDS_FROM:
        share = before.share * (_SHEDDING if for_long >= _SHEDS_EVERY else 1.0)
        return replace(pressed, action=Action.SHED, share=max(LEAST_SHARE, share))
    if part >= _GROWS_BELOW:
        return replace(pressed, action=Action.HOLD)
    share = before.share * (_GROWTH if for_long >= _GROWS_EVERY else 1.0)
    return replace(before, action=Action.GROW, why=Why.CALM, share=min(1.0, share), because=None)


def _patient(before: Plan, plan: Plan, seen: Seen, bounds: Bounds) -> Plan:
    """Count how long a pause has been waited for, and stop where that is too long."""
    if not (_is_pressed(plan) and seen.is_awaited):
        return replace(plan, awaited_since=None)
    since = seen.at if before.awaited_since is None else before.awaited_since
    plan = replace(plan, awaited_since=since)
    if seen.at - since > bounds.patience_seconds:
        return replace(plan, action=Action.STOP, why=Why.PATIENCE, since=seen.at)
    return plan
