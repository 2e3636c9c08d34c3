"""Where another shell reaches the local Prefect server of a run that waits for a person."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from reseal.settings import Settings

_FOLDER = "waiting"


@contextmanager
def reachable(settings: Settings, run_id: UUID) -> Iterator[str | None]:
    """Keep the address of the run's own server in the state directory for the block.

    Yield the address of the run's page there; None where the server is the operator's, who knows
    where it is, and whose URL may hold a password.
    """
    if settings.variables.get("PREFECT_API_URL"):
        yield None
        return
    from prefect.settings import get_current_settings

    url = str(get_current_settings().api.url)
    path = _path(settings, run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", opener=_for_the_owner) as file:
        file.write(url)
    try:
        yield f"{url.removesuffix('/api')}/runs/flow-run/{run_id}"
    finally:
        path.unlink(missing_ok=True)
        # Another run may be waiting, too.
        with suppress(OSError):
            path.parent.rmdir()


def address(settings: Settings, run_id: UUID) -> str | None:
    """Return the API of the server of a run that was started in this directory, if it waits."""
    try:
        return _path(settings, run_id).read_text(encoding="utf-8")
    except OSError:
        return None


def _path(settings: Settings, run_id: UUID) -> Path:
    return settings.state / _FOLDER / str(run_id)


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
