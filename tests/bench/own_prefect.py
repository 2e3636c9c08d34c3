"""A Prefect server beside what is measured, as an operator has one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.server import LocalServer, prepare_home


@contextmanager
def prefect() -> Iterator[None]:
    """Have one for the length of the block; commands find it by PREFECT_API_URL."""
    with TemporaryDirectory(prefix="reseal-prefect-") as state, served(Path(state)) as server:
        os.environ["PREFECT_API_URL"] = server.api_url
        yield


@contextmanager
def served(state: Path) -> Iterator[LocalServer]:
    """Have one that keeps its home in a directory."""
    prepare_home(state)
    server = LocalServer()
    try:
        server.wait()
        yield server
    finally:
        server.close()
