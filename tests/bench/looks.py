"""What a process and the server have used, looked at again and again while the process runs."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy
import psutil  # type: ignore[import-untyped]
import psycopg

from tests.bench.processor import Family
from tests.bench.site import Site
from tests.bench.spent import Spent, written

_SECONDS_BETWEEN = 0.1
# Who is there, and what they share, costs milliseconds to ask.
_LOOKS_BETWEEN_THOROUGH_ONES = 5


@dataclass(frozen=True)
class Look:
    """Processor seconds and bytes of log so far, and resident MiB, at one moment."""

    at: float
    client: float
    server: float
    wal: int
    main: float
    others: tuple[float, ...]
    shared_once: float

    @property
    def together(self) -> float:
        """All processes added up; what they share is counted in each."""
        return self.main + sum(self.others)


@contextmanager
def watching(pid: int, site: Site) -> Iterator[list[Look]]:
    """Look at a process for the length of the block."""
    looks: list[Look] = []
    ended = threading.Event()
    thread = threading.Thread(target=_keep_looking, args=(pid, site, ended, looks))
    thread.start()
    try:
        yield looks
    finally:
        ended.set()
        thread.join()


def within(looks: list[Look], began: float, ended: float) -> list[Look]:
    """Return the looks between two moments, the nearest one at least."""
    found = [look for look in looks if began <= look.at <= ended]
    return found or sorted(looks, key=lambda look: abs(look.at - began))[:1]


def spent_between(looks: list[Look], began: float, ended: float) -> Spent:
    """Return what was spent between two moments, which may lie between two looks."""
    client, server, wal = (
        _at(looks, name, ended) - _at(looks, name, began) for name in ("client", "server", "wal")
    )
    return Spent(ended - began, client, server, wal)


def _at(looks: list[Look], name: str, moment: float) -> float:
    values = [getattr(look, name) for look in looks]
    return float(numpy.interp(moment, [look.at for look in looks], values))


def _keep_looking(pid: int, site: Site, ended: threading.Event, looks: list[Look]) -> None:
    with site.connected() as connection:
        try:
            client, server = Family(pid), Family(site.postmaster)
            while not ended.wait(_SECONDS_BETWEEN):
                looks.append(_look(client, server, connection, looks))
        except psutil.NoSuchProcess:
            # It has ended; whoever waits for it will know in a moment.
            return


def _look(
    client: Family, server: Family, connection: psycopg.Connection, looks: list[Look]
) -> Look:
    shared_once = looks[-1].shared_once if looks else 0.0
    if len(looks) % _LOOKS_BETWEEN_THOROUGH_ONES == 0:
        client.gather()
        server.gather()
        shared_once = client.proportional()
    main, *others = client.resident()
    return Look(
        time.time(),
        client.seconds(),
        server.seconds(),
        written(connection),
        main,
        tuple(others),
        shared_once,
    )
