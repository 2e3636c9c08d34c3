"""How a plan reaches worker processes: a few bytes of shared memory, read between two batches.

Each value is written by one process and is a machine word, so that nobody needs a lock.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from multiprocessing.context import BaseContext
from time import monotonic
from typing import Any

from reseal.pacing.decide import Action, Plan

# Who waits looks four times a second.
_AWAITED_SECONDS = 1.0


class _Said(ctypes.Structure):
    _fields_ = (
        ("share", ctypes.c_double),
        ("is_paused", ctypes.c_bool),
        ("workers", ctypes.c_int),
        ("awaited", ctypes.c_double),
    )


class Valve:
    """What the runner lets through to so many workers, and what these have done."""

    def __init__(self, context: BaseContext, count: int) -> None:
        self.count = count
        # Of processes that the run cannot reach by its memory.
        self.awaited_elsewhere, self._done_elsewhere = False, 0
        self._said: Any = context.RawValue(_Said, 1.0, False, count, -inf)
        self._busy: Any = context.RawArray(ctypes.c_ubyte, count)
        self._done: Any = context.RawArray(ctypes.c_int64, count)

    def set(self, plan: Plan) -> None:
        """Let through what a plan allows."""
        self._said.share, self._said.workers = plan.share, plan.workers(self.count)
        self._said.is_paused = plan.action is Action.PAUSE

    @property
    def share(self) -> float:
        """How much of its usual work a run may do."""
        return float(self._said.share)

    @property
    def is_awaited(self) -> bool:
        """Whether somebody is waiting for a pause to end."""
        lately = monotonic() - self._said.awaited < _AWAITED_SECONDS
        return bool(lately or self.awaited_elsewhere)

    @property
    def rows_done(self) -> int:
        """How many rows all workers have looked at."""
        return int(sum(self._done)) + self._done_elsewhere

    def count_elsewhere(self, rows: int) -> None:
        """Count rows that processes elsewhere have looked at."""
        self._done_elsewhere += rows

    def holds(self) -> bool:
        """Say whether to wait, and take note that somebody does."""
        if self._said.is_paused:
            self._said.awaited = monotonic()
        return bool(self._said.is_paused)

    def tap(self, number: int) -> "Tap":
        """Return what a worker reads and writes."""
        return Tap(self, number)


class Tap:
    """A worker's end of the valve; of workers that are busy, the first so many may work."""

    def __init__(self, valve: Valve, number: int) -> None:
        self._valve, self._number = valve, number

    def holds(self) -> bool:
        """Say whether to wait before the next batch."""
        valve = self._valve
        return valve.holds() or sum(valve._busy[: self._number]) >= valve._said.workers

    @property
    def share(self) -> float:
        """How much of its usual work a batch is."""
        return self._valve.share

    def told(self, rows: int) -> None:
        """Count rows that were looked at."""
        self._valve._done[self._number] += rows

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Count among those who have something to do for the length of the block."""
        self._valve._busy[self._number] = 1
        try:
            yield
        finally:
            self._valve._busy[self._number] = 0
