"""Prefect's own server and home, inside the project: nothing is written to the user's home."""

import logging
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from types import MappingProxyType

from reseal.errors import ResealError, SettingsError

_START_SECONDS = 180
_PATIENCE_SECONDS = 60
_ANSWER_SECONDS = 10

# Quiet: no analytics, no adverts, no telemetry of the client's own. And small: what Prefect
# remembers of runs is pruned at each start and each hour, as the evidence is the record.
_HOUSE_RULES = {
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(30 * 24 * 3600),
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_UI_V2_ENABLED": "false",
    "PREFECT_SERVER_UI_API_URL": "/api",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_SERVER_LEVEL": "ERROR",
    "PREFECT_CLI_PROMPT": "false",
}
_SENDERS = ("EventsWorker", "APILogWorker")


def prepare_home(state: Path, rules: Mapping[str, str] = MappingProxyType({})) -> None:
    """Point Prefect at a home in the state directory; call it before prefect is imported.

    `rules` go before the house's own; what the operator has set stands.
    """
    home = state / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    for name, value in {"PREFECT_HOME": str(home), **_HOUSE_RULES, **rules}.items():
        os.environ.setdefault(name, value)
    for name in _SENDERS:
        logging.getLogger(name).addFilter(_is_no_farewell)


def _is_no_farewell(record: logging.LogRecord) -> bool:
    """Leave out what a sender of Prefect's says at an end that found it at work."""
    return not str(record.msg).startswith("Still processing items")


class LocalServer:
    """A Prefect server of this process; it ends with it, even with a killed one."""

    def __init__(self, port: int | None = None) -> None:
        if port is not None:
            _need_free(port)
        self._port = port or free_port()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "flows.bound_server", str(self._port)],
            # A Ctrl-C at the terminal is for the flow, which still needs its server to end.
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )

    @property
    def api_url(self) -> str:
        """The URL of its API."""
        return f"http://127.0.0.1:{self._port}/api"

    @property
    def is_alive(self) -> bool:
        """Whether its process has not ended."""
        return self._process.poll() is None

    def wait(self) -> None:
        """Wait until it answers; raise ResealError where it does not come up."""
        if comes_up(self._process, f"{self.api_url}/health", _START_SECONDS):
            return
        self.close()
        raise ResealError("the local Prefect server did not start; set PREFECT_API_URL to use one")

    def close(self) -> None:
        """End the server."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def prefect_server(
    own: str | None, port: int | None = None, meanwhile: Callable[[], object] = lambda: None
) -> Iterator[LocalServer | None]:
    """Have a Prefect API for the block: the operator's own at this URL, or a local server.

    `meanwhile` is done while a local server comes up.
    """
    if own:
        _reach(own)
        yield None
        return
    server = LocalServer(port)
    try:
        # Set before prefect is imported, which reads it once.
        os.environ["PREFECT_API_URL"] = server.api_url
        meanwhile()
        server.wait()
        yield server
    finally:
        server.close()


def _reach(api_url: str) -> None:
    """Wait until the operator's own API answers; raise SettingsError where nobody is there."""
    # A server with the ends of other runs to write down does not answer for a while, and is there.
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not answers(api_url):
        if time.monotonic() > deadline:
            raise SettingsError(
                "the Prefect API that PREFECT_API_URL names takes connections and does not answer; "
                "restart it, or unset it to have a local server"
            )


def answers(api_url: str) -> bool:
    """Return whether an API answers in time; raise SettingsError where none can."""
    try:
        urllib.request.urlopen(f"{api_url}/health", timeout=_ANSWER_SECONDS).close()  # noqa: S310
        return True
    except urllib.error.HTTPError:
        # It answers; whether it lets us in is Prefect's to find out.
        return True
    except TimeoutError:
        return False
    except (OSError, ValueError, HTTPException) as error:
        if isinstance(getattr(error, "reason", None), TimeoutError):
            return False
        # Not quoted: the URL may hold a password.
        raise SettingsError(
            "the Prefect API that PREFECT_API_URL names cannot be reached; "
            "mend it, or unset it to have a local server"
        ) from None


def comes_up(process: "subprocess.Popen[bytes]", health: str, seconds: float) -> bool:
    """Wait until a process that was started says at a URL that it is well; say whether it does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(health, timeout=5).close()  # noqa: S310
            return True
        time.sleep(0.1)
    return False


def free_port() -> int:
    """Return a port of loopback at which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _need_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise SettingsError(
                f"port {port} of 127.0.0.1 cannot be had; end what listens there, or choose "
                "another with --port"
            ) from None
