"""Serve the evidence of this machine on loopback: a page there may not lead to a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from reseal.evidence.shelf import LocalShelf, Shelf

_HERE = frozenset({"127.0.0.1", "localhost"})


@contextmanager
def evidence_served(shelf: Shelf, port: int) -> Iterator[str]:
    """Serve a directory of bundles for the block, if it can at this port; yield where it is.

    What is kept behind a URL is reached there.
    """
    if not isinstance(shelf, LocalShelf):
        yield shelf.where
        return
    with _server(shelf.root.absolute(), port) as server:
        Thread(target=server.serve_forever, name="evidence", daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def _server(root: Path, port: int) -> ThreadingHTTPServer:
    pages = partial(_Pages, directory=str(root))
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), pages)
    except OSError:
        return ThreadingHTTPServer(("127.0.0.1", 0), pages)


class _Pages(SimpleHTTPRequestHandler):
    """Files to read, for who asks this machine by its own name."""

    def send_head(self) -> Any:
        # A page from elsewhere whose name was made to lead here is told nothing.
        if urlsplit(f"//{self.headers.get('Host', '')}").hostname not in _HERE:
            self.send_error(HTTPStatus.FORBIDDEN)
            return None
        return super().send_head()

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of who reads what."""
