"""The file of what a login took and how far a standby was behind, once a second.

It is written line by line, so that a run that is killed leaves what was seen by then.
"""

import csv
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

FILE = "samples.csv"
HEADING = ("at", "login_ms", "replication_lag_bytes", "share")
_EVERY_SECONDS = 1.0


@dataclass
class Samples:
    """A line a second; `share` is how much of its usual work the run was doing, 0 in a pause."""

    file: Path
    _last: datetime | None = None

    def add(self, at: datetime, login: float | None, lag: int | None, share: float) -> None:
        """Write a line, if one is due and anything was seen."""
        if (login, lag) == (None, None):
            return
        if self._last and (at - self._last).total_seconds() < _EVERY_SECONDS:
            return
        self._last = at
        with suppress(OSError):
            self._write(at, login, lag, share)

    def _write(self, at: datetime, login: float | None, lag: int | None, share: float) -> None:
        is_new = not self.file.exists()
        with self.file.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            if is_new:
                writer.writerow(HEADING)
            milliseconds = "" if login is None else f"{login:.3f}"
            behind = "" if lag is None else lag
            writer.writerow([at.isoformat(), milliseconds, behind, f"{share:.2f}"])
