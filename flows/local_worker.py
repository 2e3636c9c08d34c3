"""A Prefect worker of this machine, whose runs come to a batch boundary before it ends."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from flows.children import stop_children
from flows.server import comes_up, free_port
from reseal.errors import ResealError

_START_SECONDS = 120
# A batch is a matter of seconds; after it a run still writes its record.
_BOUNDARY_SECONDS = 90
_END_SECONDS = 20


class LocalWorker:
    """A process worker of a pool; what it and its runs print goes into a file."""

    def __init__(self, pool: str, log: Path, variables: Mapping[str, str]) -> None:
        self.log, self._port = log, free_port()
        health = {
            "PREFECT_WORKER_WEBSERVER_HOST": "127.0.0.1",
            "PREFECT_WORKER_WEBSERVER_PORT": str(self._port),
        }
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "flows.bound_worker", pool],
                env={**variables, **health},
                # A Ctrl-C at the terminal is told to its runs first.
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether its process has not ended."""
        return self._process.poll() is None

    def wait(self) -> None:
        """Wait until it says that it is well; raise ResealError where it does not come up."""
        if not comes_up(self._process, f"http://127.0.0.1:{self._port}/health", _START_SECONDS):
            raise ResealError(f"the worker did not start; {self.log} says why")

    def close(self) -> None:
        """Stop its runs at their next batch boundary, then end it; a Ctrl-C meanwhile hurries."""
        try:
            stop_children(self._process.pid, _BOUNDARY_SECONDS)
            self._process.terminate()
            self._process.wait(_END_SECONDS)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            self._process.kill()
            self._process.wait()
