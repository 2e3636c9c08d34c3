"""How long backups are kept, and where copies of them go."""

from dataclasses import dataclass

DEFAULT_KEPT_DAYS = 90


@dataclass(frozen=True, slots=True)
class BackupPolicy:
    """`kept_days` is when a backup expires; `to` a directory or URL, or None for no copies."""

    kept_days: int = DEFAULT_KEPT_DAYS
    to: str | None = None
