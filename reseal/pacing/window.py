"""When a run may be at work: between two times of the day, in a time zone."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from reseal.errors import ConfigurationError

_SPELLED = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Window:
    """From `opens` up to, not including, `closes`, every day; over midnight where it says so."""

    opens: time
    closes: time
    zone: tzinfo = UTC

    @classmethod
    def parse(cls, text: str, zone: tzinfo = UTC) -> "Window":
        """Read `01:00-05:00`; raise ConfigurationError."""
        spelled = _SPELLED.fullmatch(text)
        if spelled is None:
            raise ConfigurationError(
                'only_between in [pace] must be two times of the day, such as "01:00-05:00"'
            )
        hour, minute, end_hour, end_minute = map(int, spelled.groups())
        opens, closes = time(hour, minute), time(end_hour, end_minute)
        if opens == closes:
            raise ConfigurationError("only_between in [pace] must be two different times")
        return cls(opens, closes, zone)

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M} {self.zone}"

    def is_open(self, at: datetime) -> bool:
        """Whether a run may be at work."""
        clock = at.astimezone(self.zone).time()
        if self.opens < self.closes:
            return self.opens <= clock < self.closes
        return clock >= self.opens or clock < self.closes

    def next_opening(self, at: datetime) -> datetime:
        """Return when it opens the next time after a moment."""
        local = at.astimezone(self.zone)
        days = (local.date() + timedelta(days=ahead) for ahead in range(3))
        openings = (datetime.combine(day, self.opens, self.zone) for day in days)
        return next(opening for opening in openings if opening > at)

    def closed(self, at: datetime) -> str:
        """Say in words that it is closed, and until when."""
        return f"outside the window {self} until {self.next_opening(at).isoformat('T', 'minutes')}"


def zone_of(name: str) -> tzinfo:
    """Return a time zone by its name, such as Europe/Zurich; raise ConfigurationError."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    # It takes a name for a path, and raises whatever that gives.
    except (KeyError, ValueError, OSError):
        raise ConfigurationError(
            f"there is no timezone {name!r}, as [pace] names it; write it like Europe/Zurich"
        ) from None
