"""What preflight says: one named check after the other, and the report they add up to."""

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from enum import StrEnum

from reseal.census import Census
from reseal.preflight.growth import Growth


class Verdict(StrEnum):
    """How one check, or a whole report, came out."""

    OK = "ok"
    WARN = "warn"
    """The run may begin; the remedy says what to know or mend."""
    REFUSE = "refuse"
    """The run must not begin."""
    UNKNOWN = "unknown"
    """The check could not look, mostly for want of a right."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; plain strings, never a stored value.

    `field` names the field that it concerns, or is None where it concerns the whole run.
    """

    name: str
    value: str
    limit: str
    verdict: Verdict
    remedy: str
    field: str | None = None

    def as_dict(self) -> dict[str, str]:
        """Return the check as the command line prints it."""
        said = {
            "name": self.name,
            "value": self.value,
            "limit": self.limit,
            "verdict": self.verdict.value,
            "remedy": self.remedy,
        }
        return said | ({"field": self.field} if self.field is not None else {})


@dataclass(frozen=True, slots=True)
class Report:
    """Every check, and what each field that could be counted holds and is expected to grow by."""

    checks: tuple[Check, ...]
    fields: dict[str, Census]
    growth: dict[str, Growth] = dataclass_field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """The worst of all checks: refuse, else warn where any is not ok, else ok."""
        if self.refused:
            return Verdict.REFUSE
        is_clean = all(check.verdict is Verdict.OK for check in self.checks)
        return Verdict.OK if is_clean else Verdict.WARN

    @property
    def refused(self) -> list[Check]:
        """The checks that forbid the run."""
        return [check for check in self.checks if check.verdict is Verdict.REFUSE]

    def as_dict(self) -> dict[str, object]:
        """Return the report as the command line prints it."""
        return {
            "verdict": self.verdict.value,
            "checks": [check.as_dict() for check in self.checks],
            "fields": {name: census.as_dict() for name, census in self.fields.items()},
        }
