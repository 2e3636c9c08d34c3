"""How hard a run works: the modes and what each of them means."""

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

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

    `niceness` is how much the run's own processes give way to others on their machine. Where they
    are careful, they rest as long after work that writes no secret, and do one thing at a time.
    """

    workers: int
    span_rows: int
    pace: Pace
    niceness: int = 0
    is_careful: bool = False

    @property
    def reading_rest(self) -> float:
        """How many seconds to rest after a second of work that writes no secret."""
        return self.pace.rest if self.is_careful else 0.0

    def resting(self, rest: float | None) -> "Effort":
        """Rest so long after a second of work, where somebody said how long."""
        return self if rest is None else replace(self, pace=replace(self.pace, rest=rest))

    def rows_of_span(self, rows: int, *, first_pass: bool) -> int:
        """Return how many rows of a table a task has, so that every worker has something to do."""
        share = -(-rows // self.workers)
        if first_pass:
            return min(self.span_rows, max(self.span_rows // 10, share))
        # A later pass mostly only looks, which takes a tenth of the time.
        return min(self.span_rows * 10, max(self.span_rows, share))


# Of all cores' time, a careful run takes so much at most: one login in twenty may find it at work,
# and of a hundred some will in any case, as its start and its end are not paced.
_SAFE_PART = 1 / 40

_AUTOGROUP = Path("/proc/self/autogroup")

# Larger batches are no faster: the server spills their arrays to disk at its default work_mem,
# and the application waits longer for the rows.
_MOST_ROWS = 5000


def effort(mode: Mode) -> Effort:
    """Return the effort of a mode on this machine."""
    cores = os.cpu_count() or 1
    return {
        Mode.VALIDATE_ONLY: Effort(min(2, cores), 50_000, Pace(1000, target=0.25, rest=0.0)),
        Mode.SAFE: _safe(max(1.0, 1 / (_SAFE_PART * cores) - 1)),
        Mode.STANDARD: Effort(
            min(2, cores), 20_000, Pace(2000, target=0.25, rest=0.25, most=_MOST_ROWS)
        ),
        Mode.AGGRESSIVE: Effort(
            cores, 100_000, Pace(_MOST_ROWS, target=0.5, rest=0.0, most=_MOST_ROWS)
        ),
    }[mode]


def _safe(rest: float) -> Effort:
    pace = Pace(500, target=0.1, rest=rest, most=2000)
    return Effort(1, 10_000, pace, niceness=10, is_careful=True)


def give_way(mode: Mode) -> None:
    """Let others on this machine go first, for as long as this process and what it starts live."""
    niceness = effort(mode).niceness
    os.nice(max(0, niceness - os.nice(0)))
    if niceness and os.getsid(0) == os.getpid():
        # Linux may weigh whole sessions, within which alone niceness counts (sched(7), autogroup).
        with suppress(OSError):
            _AUTOGROUP.write_text(str(niceness))
