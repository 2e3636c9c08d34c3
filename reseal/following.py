"""Heed a run from another process: by what it tells the database of its pace.

The run rewrites a row while it works. Whoever has not heard of it for a while waits, and stops
after a while more, as a run that nobody paces does not go on.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

from reseal.modes import Effort
from reseal.pacing.decide import Action, Plan
from reseal.store import pace
from reseal.store.store import Store
from reseal.sweep.engine import Hands

_LOOKS_EVERY_SECONDS = 0.25
# The run tells every two seconds.
_WAITS_AFTER_SECONDS = 10.0
_STOPS_AFTER_SECONDS = 60.0


@dataclass
class Following:
    """Follow a run that works so hard; `connect` opens what is asked."""

    connect: Callable[[], Store]
    run_id: UUID
    effort: Effort
    store: Store | None = field(default=None, repr=False)
    clock: Callable[[], float] = monotonic
    _plan: Plan = field(default_factory=lambda: Plan(Action.PAUSE))
    _looked_at: float = float("-inf")
    _heard_at: float = 0.0
    _is_known: bool = False

    def __post_init__(self) -> None:
        self._heard_at = self.clock()

    def hands(self) -> Hands:
        """Return what tells the engine to wait, to stop, and how much to do."""
        rest = self.effort.reading_rest
        return Hands(stop=self.stops, pause=self.waits, share=self.share, reading_rest=rest)

    def stops(self) -> bool:
        """Say whether to stop."""
        self._look()
        return self._plan.action is Action.STOP or self._silence > _STOPS_AFTER_SECONDS

    def waits(self) -> bool:
        """Say whether to wait."""
        self._look()
        return self._plan.action is Action.PAUSE or self._silence > _WAITS_AFTER_SECONDS

    def share(self) -> float:
        """Return how much of its usual work one of the processes may do.

        Where fewer of them should work, each does less: they do not know of each other.
        """
        self._look()
        workers = self.effort.workers
        return self._plan.share * self._plan.workers(workers) / workers

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self.store is not None:
            with suppress(Exception):
                self.store.close()

    @property
    def _silence(self) -> float:
        return self.clock() - self._heard_at

    def _look(self) -> None:
        at = self.clock()
        if at - self._looked_at < _LOOKS_EVERY_SECONDS:
            return
        self._looked_at = at
        # What cannot be asked now stays as it was, for a while.
        with suppress(Exception):
            self._hear(at)

    def _hear(self, at: float) -> None:
        if self.store is None or self.store.connection.closed:
            self.store = self.connect()
        heard = pace.heard(self.store, self.run_id)
        if heard is not None:
            self._is_known, self._heard_at = True, at - heard.age
            self._plan = Plan(Action(heard.action), share=heard.share)
        elif self._is_known:
            # It has ended, and forgotten what it told.
            self._plan = Plan(Action.STOP)
