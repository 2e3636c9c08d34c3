"""When a pool's tier will be outgrown, by the busiest moment of each day.

The trend is that of Theil and Sen: one wild day does not bend it. Days are taken as independent
of each other, so the range is a little too narrow where busy weeks follow each other.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from reseal.store.store import Store

LEAST_DAYS = 7
# A line through some weeks says nothing of years.
HORIZON = timedelta(days=730)
CONFIDENCE = 0.95

# The last day is not over; its busiest moment may be still to come.
PEAKS = """
SELECT source, date_trunc('day', at, 'UTC') AS day, max(value)
FROM {reseal}.sample
WHERE name = 'pool.used' AND at > clock_timestamp() - %s
  AND at < date_trunc('day', clock_timestamp(), 'UTC')
GROUP BY source, day ORDER BY source, day
"""


@dataclass(frozen=True, slots=True)
class Trend:
    """Connections more each day at the busiest moment, with the range, and what it is now."""

    days: int
    each_day: float
    slowest: float
    fastest: float
    now: float
    at: datetime

    def reaches(self, most: float, each_day: float) -> datetime | None:
        """Return when so many are in use at that rate; None where that is beyond the horizon."""
        if self.now >= most:
            return self.at
        if each_day <= 0:
            return None
        days = (most - self.now) / each_day
        return self.at + timedelta(days=days) if days <= HORIZON.days else None

    def as_dict(self, most: float) -> dict[str, Any]:
        """Return it as the command line prints it."""
        return {
            "days": self.days,
            "each_day": self.each_day,
            "range": [self.slowest, self.fastest],
            "used_now": self.now,
            "outgrown": self.reaches(most, self.each_day),
            "earliest": self.reaches(most, self.fastest),
            "latest": self.reaches(most, self.slowest),
        }


Peak = tuple[datetime, float]


def peaks(store: Store, period: timedelta) -> dict[str, list[Peak]]:
    """Return by source the most connections in use of each day that is over."""
    found: dict[str, list[Peak]] = {}
    for source, day, most in store.execute(PEAKS, [period]):
        found.setdefault(source, []).append((day, most))
    return found


def trend(days: list[Peak]) -> Trend | None:
    """Return where the busiest moments go, None where there are too few days to tell."""
    if len(days) < LEAST_DAYS:
        return None
    # Takes half a second to load.
    from scipy.stats import theilslopes

    first, last = days[0][0], days[-1][0]
    since = [(day - first) / timedelta(days=1) for day, _ in days]
    used = [value for _, value in days]
    found = theilslopes(used, since, CONFIDENCE)
    middle = median(used) - found.slope * median(since)
    now = max(0.0, float(middle + found.slope * since[-1]))
    each_day, slowest, fastest = map(float, (found.slope, found.low_slope, found.high_slope))
    return Trend(len(days), each_day, slowest, fastest, now, last)
