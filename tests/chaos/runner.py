"""A run of the command line that can be killed, and what it leaves of itself."""

import subprocess
from dataclasses import dataclass
from time import monotonic, sleep

import psutil  # type: ignore[import-untyped]

from tests.chaos.moments import Look, Moment, Watch
from tests.flows.scene import Scene

_SECONDS_TO_FOLLOW = 30


@dataclass(frozen=True)
class Killed:
    """Where a run was when it was killed; `survivors` are workers that did not follow it."""

    look: Look
    workers: int
    seconds: float
    survivors: tuple[int, ...]


def kill_at(scene: Scene, moment: Moment, watch: Watch) -> Killed | int:
    """Run and kill at a moment; return the exit code where the run was faster."""
    process = scene.command_line.start("encrypt", "--json", *moment.flags)
    while not watch.is_due(moment):
        if process.poll() is not None:
            process.communicate()
            return process.returncode
        sleep(0.01)
    return _killed(process, watch)


def _killed(process: "subprocess.Popen[str]", watch: Watch) -> Killed:
    look = watch.look()
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    began = monotonic()
    # Without reading its pipes: those are the workers' too, and they are what is waited for.
    process.wait()
    while any(map(_is_alive, family)) and monotonic() - began < _SECONDS_TO_FOLLOW:
        sleep(0.01)
    seconds = monotonic() - began
    survivors = tuple(one.pid for one in family if _is_alive(one))
    process.communicate()
    return Killed(look, len(family), seconds, survivors)


def _is_alive(process: psutil.Process) -> bool:
    try:
        # An ended process whose new parent has not asked for its code yet is a zombie.
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
