"""What a process elsewhere is told of the run that it works for; it holds no key and no URL."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from reseal.modes import Effort
from reseal.sweep.job import Assignment
from reseal.sweep.pace import Pace
from reseal.sweep.turn import Turn


@dataclass(frozen=True, slots=True)
class Posting:
    """Which run it is, and by which names a process finds its own way to database and keys.

    `config` and `target` are as the run was given them, `sha256` is that of its reseal.toml.
    `effort` is how hard it works, and `words` what its log lines and statements carry along.
    """

    run_id: UUID
    config: str | None
    target: str | None
    sha256: str | None
    effort: Effort
    epochs: Mapping[str, int]
    words: Mapping[str, str]

    @property
    def pace(self) -> Pace:
        """The pace that batches begin with."""
        return self.effort.pace

    def assignment(self, field: str, turn: Turn, pass_number: int) -> Assignment:
        """Return what is to be done to a field in a pass."""
        return Assignment(self.run_id, field, turn, self.epochs[field], pass_number)
