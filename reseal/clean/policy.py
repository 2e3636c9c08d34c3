"""How far a run cleans, and how long others keep what it cannot: [clean] of reseal.toml."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reseal.days import MOST_DAYS
from reseal.errors import ConfigurationError

_FLAGS = ("rewrite", "lock")
_DAYS = ("archives_kept_days", "dumps_kept_days", "logs_kept_days")


@dataclass(frozen=True, slots=True)
class CleanPolicy:
    """What may be done, and periods in days.

    `rewrite` lets rows be written a second time over the old bytes; `lock` lets VACUUM FULL lock
    the table for as long as it takes, where nothing else helps. The archive of the write-ahead log,
    dumps and server logs are kept so many days; None while nobody has declared it.
    """

    rewrite: bool = True
    lock: bool = False
    archives_kept_days: int | None = None
    dumps_kept_days: int | None = None
    logs_kept_days: int | None = None


def read_policy(said: Mapping[str, Any]) -> CleanPolicy:
    """Read the table of reseal.toml; raise ConfigurationError where a word or value is wrong."""
    for word, value in said.items():
        if word in _FLAGS:
            if not isinstance(value, bool):
                raise ConfigurationError(f"{word} in [clean] must be true or false")
        elif word not in _DAYS:
            known = ", ".join((*_FLAGS, *_DAYS))
            raise ConfigurationError(f"unknown word {word!r} in [clean]; known: {known}")
        elif isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_DAYS:
            raise ConfigurationError(
                f"{word} in [clean] must be a number of days from 0 to {MOST_DAYS}"
            )
    return CleanPolicy(**said)
