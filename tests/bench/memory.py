"""How much memory the command line and its workers hold, and when."""

import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psutil  # type: ignore[import-untyped]

from tests.bench.site import Site

_SECONDS_BETWEEN_LOOKS = 0.1
_MEBIBYTE = 2**20

# When so much of the rows had been sealed, by the checkpoints.
REACHED = """
SELECT min(written) FROM (
    SELECT written, sum(changed) OVER (ORDER BY written, batch_id) AS sealed,
           sum(changed) OVER () AS all_sealed FROM reseal.batch) AS b
WHERE sealed >= all_sealed * %s
"""


@dataclass(frozen=True)
class Look:
    """Resident MiB by process at one moment."""

    at: datetime
    main: float
    workers: tuple[float, ...]

    @property
    def together(self) -> float:
        """All processes added up; what they share is counted in each."""
        return self.main + sum(self.workers)


@dataclass(frozen=True)
class Memory:
    """Peaks over the whole run, and looks by the share of rows that was sealed."""

    peak_main: float
    peak_worker: float
    peak_together: float
    at: dict[str, Look]


def watched(
    process: "subprocess.Popen[str]", site: Site, wait: Callable[[Any], dict[str, Any]]
) -> tuple[dict[str, Any], Memory]:
    """Wait for a process and look at its memory meanwhile."""
    looks: list[Look] = []
    ended = threading.Event()
    thread = threading.Thread(target=_keep_looking, args=[process.pid, ended, looks])
    thread.start()
    try:
        document = wait(process)
    finally:
        ended.set()
        thread.join()
    return document, _memory(site, looks)


def _keep_looking(pid: int, ended: threading.Event, looks: list[Look]) -> None:
    main = psutil.Process(pid)
    while not ended.wait(_SECONDS_BETWEEN_LOOKS):
        try:
            family = main.children(recursive=True)
            workers = [_resident(one) for one in family if _is_worker(one)]
            looks.append(Look(datetime.now(UTC), _resident(main), tuple(workers)))
        except psutil.Error:
            # One of them ended between two questions.
            continue


def _is_worker(process: psutil.Process) -> bool:
    # Those that the fork server has forked look like it.
    return any("forkserver" in word for word in process.cmdline())


def _resident(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / _MEBIBYTE


def _memory(site: Site, looks: list[Look]) -> Memory:
    return Memory(
        peak_main=max(look.main for look in looks),
        peak_worker=max(rss for look in looks for rss in look.workers),
        peak_together=max(look.together for look in looks),
        at={f"{share:.0%}": _look_at(site, looks, share) for share in (0.1, 0.5, 1.0)},
    )


def _look_at(site: Site, looks: list[Look], share: float) -> Look:
    with site.connected() as connection:
        row = connection.execute(REACHED, [share]).fetchone()
    assert row is not None
    return min(looks, key=lambda look: abs((look.at - row[0]).total_seconds()))
