"""Accepted time steps kept in this process, until there is a table for them."""

import threading

from reseal.place import Place

_MOST = 10_000


class UsedSteps:
    """Remember the last accepted step of each place, of the latest few thousand."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: dict[Place, int] = {}

    def use(self, place: Place, step: int) -> bool:
        """Use a step up; False where that or a later one was."""
        with self._lock:
            if step <= self._steps.get(place, -1):
                return False
            # Put at the end, so that what is dropped is what was used longest ago.
            self._steps.pop(place, None)
            self._steps[place] = step
            if len(self._steps) > _MOST:
                del self._steps[next(iter(self._steps))]
        return True

    def forget(self, place: Place) -> None:
        """Forget a place that has a new secret."""
        with self._lock:
            self._steps.pop(place, None)
