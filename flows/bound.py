"""Become another program, bound to the life of the process that started this one."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def become(module: str, *words: str) -> None:
    """Become a Python module's program, which the kernel ends when its parent dies."""
    if sys.platform == "linux":
        # Kept across exec; see prctl(2). Elsewhere a killed parent leaves it behind.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.execv(sys.executable, [sys.executable, "-m", module, *words])  # noqa: S606
