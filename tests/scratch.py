"""A directory for what need not outlive a test, in memory where there is enough of it.

A database costs a tenth of a second on a disk, a hundredth in memory, and there are thousands.
"""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil  # type: ignore[import-untyped]

_IN_MEMORY = Path("/dev/shm")
# The suite leaves a gigabyte behind, of databases above all, and its processes take another two.
_ENOUGH_BYTES = 4 * 2**30


def scratch(prefix: str) -> "TemporaryDirectory[str]":
    """Return a directory that goes with what is returned."""
    where = _IN_MEMORY if _has_room() else None
    return TemporaryDirectory(prefix=prefix, dir=where, ignore_cleanup_errors=True)


def _has_room() -> bool:
    if not _IN_MEMORY.is_dir():
        return False
    free = min(shutil.disk_usage(_IN_MEMORY).free, psutil.virtual_memory().available)
    return bool(free > _ENOUGH_BYTES)
