"""How long keys are used and kept: the [keys] table of reseal.toml."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from reseal.errors import ConfigurationError
from reseal.wording import need_days, need_word

# A key that is disabled by mistake shows within a week, while it can still be brought back.
LEAST_DISABLED_DAYS = 7
# The least that each period may be.
_WORDS = {
    "cryptoperiod_days": 1, "read_window_days": 1, "disabled_days": LEAST_DISABLED_DAYS,
    "base_backups_kept_days": 0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """Periods in days.

    `cryptoperiod_days` is how long a key may seal (NIST SP 800-57 part 1, 5.3; PCI DSS 4.0.1,
    3.7.4). `read_window_days` is how long nobody may have opened anything under a key before it is
    disabled, `disabled_days` how long it stays disabled before it is destroyed.
    `base_backups_kept_days` is how long backups of the database itself are kept, whoever takes
    them; None while nobody has declared it.
    """

    cryptoperiod_days: int = 365
    read_window_days: int = 7
    disabled_days: int = LEAST_DISABLED_DAYS
    base_backups_kept_days: int | None = None


def read_keys(said: Mapping[str, Any]) -> KeyPolicy:
    """Read the table of reseal.toml; raise ConfigurationError where a word or value is wrong."""
    for word, days in said.items():
        need_word(word, _WORDS, "in [keys]")
        if not isinstance(days, int):
            raise ConfigurationError(f"{word} in [keys] must be a whole number")
        need_days(word, days, _WORDS[word], "in [keys]")
    return KeyPolicy(**said)


def used_up(activated: datetime, expires: datetime, now: datetime) -> float:
    """Return the share of a key's cryptoperiod that is over: beyond 1 it is overdue."""
    return max(0.0, 1 + (now - expires) / max(expires - activated, timedelta(days=1)))
