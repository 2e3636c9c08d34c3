"""How a run can end, and the exit code that says so."""

from enum import StrEnum


class Outcome(StrEnum):
    """The one word for how a run ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    STOPPED = "stopped"
    PARTIAL = "partial"

    @property
    def exit_code(self) -> int:
        """The exit code of the command; 2 is for wrong use or configuration, before any run."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Outcome.DONE: 0,
    Outcome.FAILED: 1,
    Outcome.REFUSED: 3,
    Outcome.PARTIAL: 4,
    Outcome.ROLLED_BACK: 5,
    Outcome.STOPPED: 6,
}
WRONG_USE = 2
