"""The processes that a process has started, as the kernel tells of them."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROCESSES = Path("/proc")
_LOOK_SECONDS = 0.2


def children(parent: int) -> set[int]:
    """Return the processes that a process has started and that have not ended.

    Empty where the system does not tell, as it does on Linux.
    """
    return {process for process, its_parent in _living() if its_parent == parent}


def stop_children(parent: int, seconds: float) -> bool:
    """Ask each child to end, once, also those that come meanwhile; say whether all have."""
    deadline, asked = time.monotonic() + seconds, set[int]()
    while found := children(parent):
        if time.monotonic() > deadline:
            return False
        for process in found - asked:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)
        asked |= found
        time.sleep(_LOOK_SECONDS)
    return True


def _living() -> Iterator[tuple[int, int]]:
    for entry in _PROCESSES.glob("[0-9]*/stat"):
        # It may have ended since.
        with suppress(OSError):
            # The name stands in brackets and may hold anything.
            state, parent, *_ = entry.read_text("latin-1").rpartition(")")[2].split()
            if state != "Z":
                yield int(entry.parent.name), int(parent)
