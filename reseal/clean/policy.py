"""How far a run cleans, and how long others keep what it cannot: [clean] of reseal.toml."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reseal.errors import ConfigurationError
from reseal.wording import need_days, need_word

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
        need_word(word, (*_FLAGS, *_DAYS), "in [clean]")
        if word in _FLAGS:
            if not isinstance(value, bool):
                raise ConfigurationError(f"{word} in [clean] must be true or false")
        else:
            need_days(word, value, 0, "in [clean]")
    return CleanPolicy(**said)
