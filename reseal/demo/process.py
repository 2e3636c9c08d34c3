"""The simulated application as a process of its own, which ends when its parent does.

    python -m reseal.demo.application URL CONFIG KEK_URI SECONDS [--announce] [--writes auto] ...

URL `-` means RESEAL_DATABASE_URL, so that no password shows in the list of processes; SECONDS 0
means until SIGTERM or until stdin closes. One line of JSON goes to stdout at the end.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reseal.config import load_config
from reseal.demo.application import Application, Rates, Writes
from reseal.errors import ResealError, SettingsError
from reseal.kek import open_kek
from reseal.settings import Settings

_READY = "ready"


class Running:
    """An application that runs in another process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    @classmethod
    def start(
        cls, url: str, config: Path, kek_uri: str, variables: Mapping[str, str], *more: str
    ) -> "Running":
        """Start it, and return once it has learned what users enrolled."""
        module = [sys.executable, "-m", "reseal.demo.application"]
        process = subprocess.Popen(
            [*module, "-", str(config), kek_uri, "0", "--announce", *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**variables, "RESEAL_DATABASE_URL": url},
        )
        running = cls(process)
        if running._line() != _READY:
            running.stop()
        return running

    def stop(self) -> dict[str, Any]:
        """End it and return its report; raise where it has none."""
        printed, _ = self._process.communicate()
        try:
            report: dict[str, Any] = json.loads(printed)
        except ValueError:
            raise ResealError("the simulated application ended without a report") from None
        return report

    def _line(self) -> str:
        return self._process.stdout.readline().strip() if self._process.stdout else ""


def main(arguments: Sequence[str]) -> int:
    """Run until told to stop; print the report."""
    given, settings = _parser().parse_args(arguments), Settings.from_environment()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    threading.Thread(target=_until_stdin_closes, args=[stopping], daemon=True).start()
    try:
        application = _application(given, settings)
        application.start()
        if given.announce:
            _print(_READY)
        stopping.wait(given.seconds or None)
        _print(str(application.stop()))
    except ResealError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _application(given: argparse.Namespace, settings: Settings) -> Application:
    url = settings.database_url if given.url == "-" else given.url
    if url is None:
        raise SettingsError("RESEAL_DATABASE_URL is not set")
    return Application(
        url,
        load_config(given.config),
        open_kek(given.kek, settings.variables),
        field=given.field,
        rates=Rates(given.logins, given.enrolments, given.disables),
        writes=given.writes,
        sample=given.sample,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reseal.demo.application")
    parser.add_argument("url")
    parser.add_argument("config", type=Path)
    parser.add_argument("kek")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--field")
    parser.add_argument("--logins", type=float, default=Rates().logins)
    parser.add_argument("--enrolments", type=float, default=Rates().enrolments)
    parser.add_argument("--disables", type=float, default=Rates().disables)
    parser.add_argument("--writes", type=Writes, choices=list(Writes), default=Writes.AUTO)
    parser.add_argument("--sample", type=int, default=2000)
    parser.add_argument("--announce", action="store_true")
    return parser


def _until_stdin_closes(stopping: threading.Event) -> None:
    # Not through sys.stdin, whose lock a thread must not hold when the interpreter ends.
    while os.read(0, 4096):
        pass
    stopping.set()


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
