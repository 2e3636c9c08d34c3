"""Workers of Dask: those of a cluster of the run's own, or of one that an operator has."""

import logging
from typing import Any

from prefect_dask.task_runners import DaskTaskRunner

from reseal.errors import SettingsError

_CONNECT_SECONDS = 10
# Else the first span of each worker waits for them, one worker after the other.
_IMPORTED = ["prefect.task_engine", "tasks.backup", "tasks.sweep", "tasks.verify"]


def dask(scheduler: str | None, workers: int) -> DaskTaskRunner:
    """Return a runner on the cluster at this address, or on one that begins with the first task.

    Raise SettingsError where no scheduler answers there.
    """
    # Whoever loses a connection says so, and at the end of a run all of them do.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if scheduler is None:
        return DaskTaskRunner(cluster_kwargs=_own(workers))
    return _connected(scheduler)


def _own(workers: int) -> dict[str, Any]:
    return {
        "n_workers": workers,
        "threads_per_worker": 1,
        "host": "127.0.0.1",
        # Whoever reaches a scheduler has its workers run what they like, with our keys.
        "protocol": "tls://",
        "security": True,
        "dashboard_address": None,
        "memory_limit": None,
        "preload": _IMPORTED,
        "silence_logs": logging.CRITICAL,
    }


def _connected(scheduler: str) -> DaskTaskRunner:
    runner = DaskTaskRunner(address=scheduler, client_kwargs={"timeout": _CONNECT_SECONDS})
    try:
        # Made at its first use, which would be in the midst of the run.
        _ = runner.client
    except (OSError, TimeoutError, ValueError):
        raise SettingsError(
            "no Dask scheduler answers at the address in [run]; start it, or take another runner"
        ) from None
    return runner
