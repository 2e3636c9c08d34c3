"""Processor seconds of client and server: a figure that others on the machine hardly change."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil  # type: ignore[import-untyped]

from tests.bench.site import Site


@dataclass
class Processor:
    """Seconds of processor time of both sides; filled when the block ends."""

    client: float = 0.0
    server: float = 0.0

    def microseconds(self, rows: int) -> tuple[float, float]:
        """Return what a row cost the client and the server."""
        return self.client / rows * 1e6, self.server / rows * 1e6


@contextmanager
def counted(site: Site) -> Iterator[Processor]:
    """Count the processor time of this process, its ended children and the server."""
    used, client, server = Processor(), _client(), _server(site)
    yield used
    used.client, used.server = _client() - client, _server(site) - server


def _client() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _server(site: Site) -> float:
    while True:
        try:
            return _seconds(psutil.Process(site.postmaster))
        except psutil.NoSuchProcess:
            # A backend ended between two questions: its seconds are its parent's now.
            continue


def _seconds(postmaster: psutil.Process) -> float:
    alive = [child.cpu_times() for child in postmaster.children()]
    ended = postmaster.cpu_times()
    before = ended.children_user + ended.children_system
    return float(before + sum(times.user + times.system for times in alive))
