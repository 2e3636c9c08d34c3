"""What the rotation of several targets came to: each of them, and all of them in one exit code."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from reseal.outcome import WRONG_USE, Outcome

FLOW = "rotate_fleet"

# How many targets at the same time, and how many seconds a worker has to begin with one.
AT_ONCE, MOST_AT_ONCE = 2, 32
START_WITHIN = 600

# The exit code of a fleet is the first of these that one of its targets has: from what a person has
# to look at, over what never began, to what is nearly done.
MOST_SERIOUS = (
    Outcome.ROLLED_BACK.exit_code,
    Outcome.FAILED.exit_code,
    WRONG_USE,
    Outcome.REFUSED.exit_code,
    Outcome.STOPPED.exit_code,
    Outcome.PARTIAL.exit_code,
    Outcome.DONE.exit_code,
)


@dataclass(frozen=True, slots=True)
class TargetResult:
    """One target of a fleet, by what its run told.

    `rows` were put under the new key, None where the run did not come to count them; `run_id` is
    None where none was asked for, and `page` is where its run is shown. `not_begun` says that it
    ended before it touched anything, which is exit code 2.
    """

    target: str
    outcome: Outcome
    message: str
    rows: int | None = None
    seconds: float = 0.0
    run_id: UUID | None = None
    page: str | None = None
    not_begun: bool = False

    @property
    def exit_code(self) -> int:
        """The exit code that the command has for such a run."""
        return WRONG_USE if self.not_begun else self.outcome.exit_code

    def as_dict(self) -> dict[str, Any]:
        """Return the target's part of the document."""
        return {
            "target": self.target,
            "outcome": self.outcome.value,
            "exit_code": self.exit_code,
            "rows": self.rows,
            "seconds": round(self.seconds, 3),
            "run_id": str(self.run_id) if self.run_id else None,
            "page": self.page,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class FleetResult:
    """A fleet as a whole; it has at least one target."""

    run_id: UUID
    targets: Sequence[TargetResult]

    @property
    def worst(self) -> TargetResult:
        """The first target of those that ended the most seriously."""
        return min(self.targets, key=lambda one: MOST_SERIOUS.index(one.exit_code))

    @property
    def outcome(self) -> Outcome:
        """How that one ended."""
        return self.worst.outcome

    @property
    def message(self) -> str:
        """How many are done, and what became of each of the others."""
        others = [one for one in self.targets if one.outcome is not Outcome.DONE]
        done = f"{len(self.targets) - len(others)} of {len(self.targets)} targets are done"
        return "; ".join([done, *(f"{one.target}: {one.message}" for one in others)])

    def as_dict(self) -> dict[str, Any]:
        """Return the one JSON document of `rotate-fleet`."""
        return {
            "run_id": str(self.run_id),
            "flow": FLOW,
            "outcome": self.worst.outcome.value,
            "exit_code": self.worst.exit_code,
            "targets": [one.as_dict() for one in self.targets],
            "message": self.message,
        }
