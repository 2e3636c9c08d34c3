"""Key files for trying Reseal out on the embedded server; never for a database of your own."""

import os
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

from reseal.settings import Settings


def with_trial_keys(settings: Settings) -> tuple[Settings, list[Path]]:
    """Return settings in which both KEKs are named, and the key files made for that."""
    if not settings.embedded:
        return settings, []
    made = [path for name in ("kek", "backup_kek") if (path := _made(settings.state / name))]
    return trial_keys(settings), made


def trial_keys(settings: Settings) -> Settings:
    """Return settings in which both KEKs are named, whether their files are there or not."""
    if not settings.embedded:
        return settings
    return replace(
        settings,
        kek=settings.kek or f"file:{settings.state / 'kek'}",
        backup_kek=settings.backup_kek or f"file:{settings.state / 'backup_kek'}",
    )


def _made(path: Path) -> Path | None:
    if path.exists():
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    # Never for a moment readable by others, and never half written under its name.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(b64encode(os.urandom(32)) + b"\n")
    return path
