"""When somebody is called: raised at one limit, cleared at another, each after so many looks.

    quiet --(value >= raise_at, raise_after looks in a row)--> raised
    raised --(value <= clear_at, clear_after looks in a row)--> quiet

In between nothing changes, and what cannot be measured changes nothing either.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """What an alert is about."""

    WARNING = "warning"
    """Something is becoming too slow, too full or too old."""
    INCIDENT = "incident"
    """Somebody may be at work who should not be."""


class Change(StrEnum):
    """What a look made of an alert."""

    RAISED = "raised"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of alert: its limits, and for how many looks in a row they must be passed."""

    name: str
    severity: Severity
    raise_at: float
    clear_at: float
    raise_after: int
    clear_after: int


class Standing(NamedTuple):
    """Whether an alert is raised, and how many looks in a row have spoken for a change."""

    is_raised: bool = False
    looks: int = 0


@dataclass(frozen=True, slots=True)
class Signal:
    """What a look says about one subject.

    `value` is None where it could not be measured. `rounds` is how many looks see all that it is
    about: it is not cleared before.
    """

    value: float | None
    sentence: str
    rounds: int = 1


SCORE = Kind("health-score", Severity.WARNING, 40, 25, 3, 3)
LOGIN = Kind("login-slow", Severity.WARNING, 1.0, 0.5, 3, 5)
POOL = Kind("pool-full", Severity.WARNING, 0.95, 0.80, 3, 5)
LAG = Kind("replication-lag", Severity.WARNING, 512, 128, 3, 3)
SLOTS = Kind("slot-keeps-log", Severity.WARNING, 5120, 2048, 3, 3)
KEY = Kind("key-overdue", Severity.WARNING, 1.0, 0.99, 1, 1)
READERS = Kind("reader-without-key", Severity.WARNING, 1, 0, 3, 2)
QUARANTINE = Kind("rows-set-aside", Severity.WARNING, 1, 0, 1, 1)

BROKEN = Kind("envelope-will-not-open", Severity.INCIDENT, 1, 0, 1, 2)
PLAINTEXT = Kind("plaintext-after-guard", Severity.INCIDENT, 1, 0, 1, 2)
GUARD = Kind("guard-missing", Severity.INCIDENT, 1, 0, 1, 1)
GONE_KEY = Kind("gone-key-in-use", Severity.INCIDENT, 1, 0, 1, 2)
BURST = Kind("burst-of-opens", Severity.INCIDENT, 1.0, 0.5, 1, 5)

KINDS = {
    kind.name: kind
    for kind in (
        SCORE, LOGIN, POOL, LAG, SLOTS, KEY, READERS, QUARANTINE,
        BROKEN, PLAINTEXT, GUARD, GONE_KEY, BURST,
    )
}  # fmt: skip


def follow(kind: Kind, before: Standing, signal: Signal) -> tuple[Standing, Change | None]:
    """Return how an alert stands after a look, and whether that is a change."""
    value = signal.value
    if value is None:
        return before, None
    if before.is_raised:
        speaks, needed = value <= kind.clear_at, max(kind.clear_after, signal.rounds)
    else:
        speaks, needed = value >= kind.raise_at, kind.raise_after
    looks = before.looks + 1 if speaks else 0
    if looks < needed:
        return Standing(before.is_raised, looks), None
    change = Change.CLEARED if before.is_raised else Change.RAISED
    return Standing(not before.is_raised), change
