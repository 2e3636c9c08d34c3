"""What a cleaning came to: its steps, what a look found after each, and what is left to others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from reseal.clean.elsewhere import Elsewhere
from reseal.residue.look import Look
from reseal.residue.place import CLEANED

NO_BACKUP = "whatever lies beside the rows, as no proven backup tells what to look for"
NOTHING_OLD = "no secret stood in plaintext since a look at all of it found none"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done: how long it took, and by kind of place what was found after it.

    A count is None where it is not verified. `note` says what kept the step from being done, or
    how much it did.
    """

    name: str
    seconds: float
    found: dict[str, int | None]
    note: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it for the evidence."""
        return {
            "step": self.name,
            "seconds": round(self.seconds, 3),
            "found": self.found,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Cleaning:
    """The steps, the last look at every place, and what others keep.

    `look` is None where there was nothing to look for. `looked_for` has by field the runs whose
    originals were, `not_looked_for` in sentences what was not.
    """

    steps: tuple[Step, ...]
    look: Look | None
    elsewhere: tuple[Elsewhere, ...]
    looked_for: Mapping[str, tuple[UUID, ...]]
    not_looked_for: tuple[str, ...] = ()

    @property
    def is_news(self) -> bool:
        """Whether it says anything that an earlier cleaning has not said."""
        return self.look is not None or NOTHING_OLD not in self.not_looked_for

    @property
    def is_clean(self) -> bool:
        """Whether all that a run can clean was looked at and holds no old secret."""
        return self.look is not None and self.look.is_clean and not self.not_looked_for

    @property
    def found(self) -> int | None:
        """How often old secrets stand in what a run cleans; None where that is not verified."""
        if self.look is None:
            return None
        found = self.look.found(CLEANED)
        return found if found or self.is_clean else None

    @property
    def not_verified(self) -> list[str]:
        """What was not looked at and why, in sentences."""
        return [*(self.look.not_verified() if self.look else []), *self.not_looked_for]

    def as_dict(self) -> dict[str, Any]:
        """Return it for the evidence."""
        return {
            "clean": self.is_clean,
            "steps": [step.as_dict() for step in self.steps],
            "places": self.look.places() if self.look else [],
            "not_verified": self.not_verified,
            "elsewhere": [one.as_dict() for one in self.elsewhere],
        }
