"""What a run came to, as people read it and as the command line prints it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from reseal.census import Census
from reseal.optimise.result import Optimisation
from reseal.outcome import Outcome


@dataclass(slots=True)
class FieldResult:
    """One field of a run: census before and after, and what became of its rows.

    `changed` counts writes over all passes; `moved` and `locked` what the last pass met.
    `accepted` rows are those in quarantine that the operator has decided to leave as they are,
    which `quarantined` does not count; `excused` is what they hold. `residue` is how often old
    secrets were found beside the rows at the end of a cleaning, None where that is not verified;
    `reminders` are what can hold them elsewhere. `optimised` is what became of its
    table's login queries, where the run looked at them.
    """

    before: Census | None = None
    after: Census | None = None
    changed: int = 0
    moved: int = 0
    locked: int = 0
    quarantined: int = 0
    accepted: int = 0
    restored: int = 0
    left_alone: int = 0
    seconds: float = 0.0
    rows_set_aside: list[dict[str, object]] = field(default_factory=list)
    failed_claims: list[str] = field(default_factory=list)
    excused: Census = field(default_factory=Census)
    residue: int | None = None
    reminders: list[str] = field(default_factory=list)
    optimised: Optimisation | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the field's part of the document."""
        return {
            "before": self.before.as_dict() if self.before else None,
            "after": self.after.as_dict() if self.after else None,
            "changed": self.changed,
            "moved": self.moved,
            "locked": self.locked,
            "quarantined": self.quarantined,
            "accepted": self.accepted,
            "restored": self.restored,
            "left_alone": self.left_alone,
            "seconds": round(self.seconds, 3),
            "rows_set_aside": self.rows_set_aside,
            "failed_claims": self.failed_claims,
            "residue": self.residue,
            "reminders": self.reminders,
            **({"optimised": self.optimised.as_dict()} if self.optimised else {}),
        }


@dataclass(slots=True)
class RunResult:
    """A run as a whole. `evidence_head` is the SHA-256 of its manifest, once that is closed."""

    run_id: UUID
    flow: str
    mode: str
    evidence: str
    outcome: Outcome = Outcome.FAILED
    message: str = ""
    fields: dict[str, FieldResult] = field(default_factory=dict)
    stages: dict[str, float] = field(default_factory=dict)
    evidence_head: str | None = None

    @property
    def changed(self) -> int:
        """Rows written, over all fields."""
        return sum(part.changed for part in self.fields.values())

    @property
    def quarantined(self) -> int:
        """Rows set aside, over all fields."""
        return sum(part.quarantined for part in self.fields.values())

    @property
    def accepted(self) -> int:
        """Rows that were accepted as they are, over all fields."""
        return sum(part.accepted for part in self.fields.values())

    @property
    def still_plain(self) -> int:
        """Rows that hold plaintext at the end and were not accepted, over all fields."""
        parts = [part for part in self.fields.values() if part.after]
        return sum(max(0, part.after.plain - part.excused.plain) for part in parts if part.after)

    @property
    def set_aside(self) -> str:
        """How many rows were set aside, in words."""
        more = f", {self.accepted} accepted as they are" if self.accepted else ""
        return f"{self.quarantined} quarantined{more}"

    @property
    def residue(self) -> int:
        """How often old secrets were found beside the rows; fields of a run are looked at once."""
        return max((part.residue or 0 for part in self.fields.values()), default=0)

    @property
    def restored(self) -> int:
        """Originals put back, over all fields."""
        return sum(part.restored for part in self.fields.values())

    @property
    def left_alone(self) -> int:
        """Rows that a rollback did not touch on purpose, over all fields."""
        return sum(part.left_alone for part in self.fields.values())

    @property
    def held(self) -> int:
        """Rows that were in other hands when the last pass met them, over all fields."""
        return sum(part.locked + part.moved for part in self.fields.values())

    @property
    def failed_claims(self) -> list[str]:
        """Every claim that does not hold."""
        return [text for part in self.fields.values() for text in part.failed_claims]

    def as_dict(self) -> dict[str, Any]:
        """Return the one JSON document of `encrypt`, `rotate`, `verify` and `rollback`."""
        return {
            "run_id": str(self.run_id),
            "flow": self.flow,
            "mode": self.mode,
            "outcome": self.outcome.value,
            "exit_code": self.outcome.exit_code,
            "fields": {name: part.as_dict() for name, part in self.fields.items()},
            "stages": {name: round(seconds, 3) for name, seconds in self.stages.items()},
            "evidence": self.evidence,
            "evidence_head": self.evidence_head,
            "message": self.message,
        }
