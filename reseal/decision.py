"""What the pacing decided during a run, and when: batches made smaller, work tried again."""

from datetime import UTC, datetime
from typing import Any, NamedTuple


class Decision(NamedTuple):
    """A decision in words; `at` is in UTC. One that a signal led to has its value and limit."""

    at: datetime
    what: str
    action: str | None = None
    signal: str | None = None
    value: float | None = None
    limit: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it for the evidence."""
        said = {"at": self.at.isoformat(), "what": self.what}
        if self.action is None:
            return said
        measured = {"signal": self.signal, "value": self.value, "limit": self.limit}
        return {**said, "action": self.action, **measured}


def now() -> datetime:
    """Return the time, as decisions tell it."""
    return datetime.now(UTC)
