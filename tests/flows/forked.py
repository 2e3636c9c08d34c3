"""Start a command in the time of a fork, which saves the seconds that its imports take."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Protocol

# No server can be reached there, so that no command comes to need Prefect.
NOBODY = "http://127.0.0.1:1/api"

_IMPORTED_BY_ALL = ("flows.cli", "flows.runs")
# The latter ones Prefect imports as late as it can.
_IMPORTED_BY_FLOWS = (
    "flows.encrypt_secrets",
    "flows.optimise_schema",
    "flows.rollback",
    "flows.rotate_keys",
    "flows.verify_secrets",
    "flows.watch_health",
    "expectations.checkpoint",
    "expectations.measured",
    "anyio._backends._asyncio",
    "fastapi",
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect.utilities.visualization",
)

# Variables that an interpreter or what is imported here looks at once and never again.
_READ_EARLY = ("PREFECT_", "PYTHON", "LC_", "LANG", "TZ", "HOME", "XDG_", "TMPDIR", "DO_NOT_TRACK")

_STARTING = threading.Lock()

Variables = tuple[tuple[str, str], ...]


class Started(Protocol):
    """What is asked of a command that was started, as `subprocess.Popen` answers it."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, number: int, /) -> None: ...

    def kill(self) -> None: ...

    def communicate(self, *, timeout: float | None = None) -> tuple[str, str]: ...


class Forked:
    """One command, as `subprocess.Popen` would show it; its parent tells how it ended."""

    def __init__(self, told: socket.socket, out: IO[str], err: IO[str]) -> None:
        self._lines = told.makefile("r")
        self._told = told
        self._printed = out, err
        self.pid = int(self._lines.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code where there is one."""
        return self.wait() if self._has_ended(0) else None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code; raise TimeoutExpired."""
        if not self._has_ended(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        if self.returncode is None:
            self.returncode = int(self._lines.readline())
            self._lines.close()
            self._told.close()
        return self.returncode

    def _has_ended(self, timeout: float | None) -> bool:
        return self.returncode is not None or bool(select.select([self._told], [], [], timeout)[0])

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still is there."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, if it still is there."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for the end and return what was printed."""
        self.wait(timeout)
        for file in self._printed:
            file.seek(0)
        out, err = (file.read() for file in self._printed)
        return out, err


def fork(words: list[str], directory: Path, environment: Mapping[str, str]) -> Forked:
    """Start what `python -m` starts with these words, from a process that has imported it."""
    early = {name: text for name, text in environment.items() if name.startswith(_READ_EARLY)}
    with _STARTING:
        asking, _ = _warm(tuple(sorted(early.items())))
    told, telling = socket.socketpair()
    # Open until the command has ended and they are read.
    out, err = TemporaryFile("w+"), TemporaryFile("w+")  # noqa: SIM115
    with telling:
        socket.send_fds(asking, [b"."], [telling.fileno(), out.fileno(), err.fileno()])
    told.sendall(json.dumps([words, str(directory), dict(environment)]).encode() + b"\n")
    return Forked(told, out, err)


@cache
def _warm(early: Variables) -> tuple[socket.socket, "subprocess.Popen[bytes]"]:
    """A process that was started with these variables, and where it is asked.

    It ends when nobody can ask it any more, however the tests end.
    """
    others = {name: text for name, text in os.environ.items() if not name.startswith(_READ_EARLY)}
    needs_flows = dict(early).get("PREFECT_API_URL") != NOBODY
    asking, asked = socket.socketpair()
    with asked:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.flows.warm", *_IMPORTED_BY_ALL]
            + [*_IMPORTED_BY_FLOWS] * needs_flows,
            # Where no settings of Prefect's lie about.
            cwd="/",
            env=others | dict(early),
            stdin=asked.fileno(),
            stdout=subprocess.DEVNULL,
        )
    return asking, process
