"""How long keys are used and kept: the [keys] table of reseal.toml."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# A key that is disabled by mistake shows within a week, while it can still be brought back.
LEAST_DISABLED_DAYS = 7


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


def used_up(activated: datetime, expires: datetime, now: datetime) -> float:
    """Return the share of a key's cryptoperiod that is over: beyond 1 it is overdue."""
    return max(0.0, 1 + (now - expires) / max(expires - activated, timedelta(days=1)))
