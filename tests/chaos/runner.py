"""A run of the command line that can be killed, and what it leaves of itself."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from time import monotonic, sleep

import psutil  # type: ignore[import-untyped]

from tests.flows.forked import Started

_SECONDS_TO_FOLLOW = 30


@dataclass(frozen=True)
class Death:
    """How a run died; `survivors` are children of it that did not follow."""

    children: int
    seconds: float
    survivors: tuple[int, ...]


def wait_for(process: Started, has_come: Callable[[], bool], seconds: float = inf) -> bool:
    """Wait until something has come about; return False where the run ends before, or in time."""
    deadline = monotonic() + seconds
    while not has_come():
        if process.poll() is not None or monotonic() > deadline:
            return False
        sleep(0.01)
    return True


def kill(process: Started) -> Death:
    """Kill a run and wait until its children are gone too."""
    family = _children(process)
    process.kill()
    began = monotonic()
    # Without reading its pipes: those are the workers' too, and they are what is waited for.
    process.wait()
    while any(map(_is_alive, family)) and monotonic() - began < _SECONDS_TO_FOLLOW:
        sleep(0.01)
    seconds = monotonic() - began
    survivors = tuple(one.pid for one in family if _is_alive(one))
    process.communicate()
    return Death(len(family), seconds, survivors)


def _children(process: Started) -> list[psutil.Process]:
    try:
        return list(psutil.Process(process.pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def _is_alive(process: psutil.Process) -> bool:
    try:
        # An ended process whose new parent has not asked for its code yet is a zombie.
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
