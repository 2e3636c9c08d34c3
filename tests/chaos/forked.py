"""Start `reseal` in the time of a fork, which saves the seconds that its imports take."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.chaos.runner import Process
from tests.flows.scene import Scene

_CHECKOUT = Path(__file__).parents[2]

Start = Callable[..., Process]


class Forked:
    """One run, as `subprocess.Popen` would show it; its parent tells how it ended."""

    def __init__(self, pid: int, parent: IO[bytes], out: Path, err: Path) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._parent = parent
        self._printed = out, err

    def poll(self) -> int | None:
        """Return the exit code where there is one."""
        has_ended = self.returncode is None and select.select([self._parent], [], [], 0)[0]
        return self.wait() if has_ended else self.returncode

    def wait(self) -> int:
        """Wait for the end and return the exit code."""
        if self.returncode is None:
            self.returncode = int(self._parent.readline())
        return self.returncode

    def kill(self) -> None:
        """Kill it, if it still is there."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def communicate(self) -> tuple[str, str]:
        """Wait for the end and return what was printed."""
        self.wait()
        out, err = (path.read_text() for path in self._printed)
        return out, err


@contextmanager
def forking(scene: Scene) -> Iterator[Start]:
    """Have such a process for the length of the block, and what starts a run of it."""
    out, err = (scene.directory / f"printed.{name}" for name in ("out", "err"))
    with subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.warm"],
        cwd=scene.directory,
        env={**scene.command_line.environment, "PYTHONPATH": str(_CHECKOUT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    ) as parent:
        commands, answers = parent.stdin, parent.stdout
        assert commands is not None
        assert answers is not None

        def start(*words: str) -> Process:
            # What is killed at once has not come to print anything.
            for path in (out, err):
                path.write_text("")
            commands.write(json.dumps([words, str(out), str(err)]).encode() + b"\n")
            return Forked(int(answers.readline()), answers, out, err)

        yield start
