"""What the pacing decided during a run, and when: batches made smaller, work tried again."""

from datetime import UTC, datetime
from typing import NamedTuple


class Decision(NamedTuple):
    """A decision in words; `at` is in UTC."""

    at: datetime
    what: str

    def as_dict(self) -> dict[str, str]:
        """Return it for the evidence."""
        return {"at": self.at.isoformat(), "what": self.what}


def now() -> datetime:
    """Return the time, as decisions tell it."""
    return datetime.now(UTC)
