"""One piece of advice: what to do to a table and why, in words and numbers; nothing does it."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do, why, and the statement that does it, as text for a person to judge and run."""

    table: str
    what: str
    why: str
    statement: str

    def as_dict(self) -> dict[str, Any]:
        """Return it as the command line prints it and the evidence keeps it."""
        return asdict(self)
