"""What a simulated application has lived through."""

import json
from collections import Counter
from dataclasses import dataclass, field
from statistics import quantiles


@dataclass(slots=True)
class Report:
    """Counts of logins and enrolments; `lost` are enrolments that the table does not hold."""

    logins: int = 0
    failed: int = 0
    re_enrolled: int = 0
    re_enrolled_plain: int = 0
    disabled: int = 0
    lost: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list, repr=False)

    def milliseconds(self, percent: int) -> float:
        """Return how long so many percent of the logins took at most."""
        if len(self.seconds) < 2:
            return round(1000 * sum(self.seconds), 2)
        return round(1000 * quantiles(self.seconds, n=100, method="inclusive")[percent - 1], 2)

    def as_dict(self) -> dict[str, object]:
        """Return the report as the demonstration prints it; errors by their type."""
        return {
            "logins": self.logins,
            "failed": self.failed,
            "re_enrolled": self.re_enrolled,
            "re_enrolled_plain": self.re_enrolled_plain,
            "disabled": self.disabled,
            "lost": self.lost,
            "p50_ms": self.milliseconds(50),
            "p95_ms": self.milliseconds(95),
            "errors": self.errors.total(),
            "error_types": dict(self.errors),
        }

    def __str__(self) -> str:
        return json.dumps(self.as_dict())
