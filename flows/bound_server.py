"""Become a Prefect server that the kernel ends when the process that started it dies."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Bind this process to its parent's life, then become uvicorn with Prefect's API."""
    if sys.platform == "linux":
        # Kept across exec; see prctl(2). Elsewhere a killed run leaves its server behind.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    application = ["--factory", "prefect.server.api.server:create_app"]
    address = ["--host", "127.0.0.1", "--port", sys.argv[1], "--log-level", "error"]
    os.execv(sys.executable, [sys.executable, "-m", "uvicorn", *application, *address])  # noqa: S606


if __name__ == "__main__":
    main()
