"""What a shell completes besides commands and flags: from files, never from a database."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from reseal.config import Config, load_config
from reseal.errors import ResealError
from reseal.settings import Settings

# Of the latest runs; more would fill the screen.
_MOST_RUNS = 20


def field_names(ctx: Any, incomplete: str) -> list[str]:
    """Return the fields of reseal.toml that begin so; none where it cannot be read."""
    with suppress(ResealError, OSError):
        _, config = _read(ctx)
        return [field.name for field in config.fields if field.name.startswith(incomplete)]
    return []


def run_ids(ctx: Any, incomplete: str) -> list[str]:
    """Return the latest runs that have a record in a directory here, the last one first."""
    with suppress(ResealError, OSError):
        settings, config = _read(ctx)
        found = sorted(_runs(Path(settings.evidence or config.evidence)), reverse=True)
        return [name for _, name in found if name.startswith(incomplete)][:_MOST_RUNS]
    return []


def _read(ctx: Any) -> tuple[Settings, Config]:
    settings = Settings.from_environment(ctx.params.get("config"))
    return settings, load_config(settings.config)


def _runs(evidence: Path) -> Iterator[tuple[float, str]]:
    for path in evidence.iterdir():
        with suppress(ValueError):
            yield path.stat().st_mtime, str(UUID(path.name))
