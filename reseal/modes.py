"""How hard a run works: the modes and what each of them means."""

import os
from dataclasses import dataclass
from enum import StrEnum

from reseal.sweep.pace import Pace


class Mode(StrEnum):
    """How much of the machine a run may take."""

    VALIDATE_ONLY = "validate-only"
    SAFE = "safe"
    STANDARD = "standard"
    AGGRESSIVE = "aggressive"


@dataclass(frozen=True, slots=True)
class Effort:
    """`workers` processes, about `span_rows` rows a task, and the pace of the batches.

    `niceness` is how much the run's own processes give way to others on their machine.
    """

    workers: int
    span_rows: int
    pace: Pace
    niceness: int = 0

    def rows_of_span(self, rows: int, *, first_pass: bool) -> int:
        """Return how many rows of a table a task has, so that every worker has something to do."""
        share = -(-rows // self.workers)
        if first_pass:
            return min(self.span_rows, max(self.span_rows // 10, share))
        # A later pass mostly only looks, which takes a tenth of the time.
        return min(self.span_rows * 10, max(self.span_rows, share))


# Larger batches are no faster: the server spills their arrays to disk at its default work_mem,
# and the application waits longer for the rows.
_MOST_ROWS = 5000


def effort(mode: Mode) -> Effort:
    """Return the effort of a mode on this machine."""
    cores = os.cpu_count() or 1
    return {
        Mode.VALIDATE_ONLY: Effort(min(2, cores), 50_000, Pace(1000, target=0.25, rest=0.0)),
        # As much rest as work: the application keeps its latency.
        Mode.SAFE: Effort(1, 10_000, Pace(500, target=0.1, rest=1.0, most=2000), niceness=10),
        Mode.STANDARD: Effort(
            min(2, cores), 20_000, Pace(2000, target=0.25, rest=0.25, most=_MOST_ROWS)
        ),
        Mode.AGGRESSIVE: Effort(
            cores, 100_000, Pace(_MOST_ROWS, target=0.5, rest=0.0, most=_MOST_ROWS)
        ),
    }[mode]


def give_way(mode: Mode) -> None:
    """Let others on this machine go first, for as long as this process and what it starts live."""
    os.nice(max(0, effort(mode).niceness - os.nice(0)))
