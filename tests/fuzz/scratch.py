"""A directory for inputs that must be files, in memory where there is one."""

from pathlib import Path
from tempfile import TemporaryDirectory

_IN_MEMORY = Path("/dev/shm")


def scratch() -> "TemporaryDirectory[str]":
    """Return a directory that goes with what is returned."""
    return TemporaryDirectory(
        prefix="reseal-fuzz-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None
    )
