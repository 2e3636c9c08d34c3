"""What a process does with each key version, counted until it is told."""

import threading
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple


class Used(NamedTuple):
    """How often a key version opened and sealed."""

    opens: int
    seals: int


class Usage:
    """Count opens and seals by key version, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opens: Counter[int] = Counter()
        self._seals: Counter[int] = Counter()

    def opened(self, version: int) -> None:
        """Count an open."""
        with self._lock:
            self._opens[version] += 1

    def sealed(self, version: int) -> None:
        """Count a seal."""
        with self._lock:
            self._seals[version] += 1

    def take(self) -> dict[int, Used]:
        """Return what was counted and begin anew."""
        with self._lock:
            opens, seals = self._opens, self._seals
            self._opens, self._seals = Counter(), Counter()
        return {version: Used(opens[version], seals[version]) for version in opens.keys() | seals}

    def give_back(self, used: Mapping[int, Used]) -> None:
        """Count again what was taken and could not be told."""
        with self._lock:
            for version, (opens, seals) in used.items():
                self._opens[version] += opens
                self._seals[version] += seals
