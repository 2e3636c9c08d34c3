"""Say what a command finds when it is started: `python -m tests.flows.seen WORDS`.

none        print it and end
exit N      end with this code
raise       end with an exception
sleep       wait to be ended
"""

import json
import logging
import os
import resource
import signal
import sys
import threading
from multiprocessing import get_context
from pathlib import Path
from time import sleep
from typing import Any


def main() -> None:
    """Do what the words say."""
    match sys.argv[1:]:
        case ["exit", code]:
            sys.exit(int(code) if code.isdigit() else code)
        case ["raise"]:
            raise ValueError("said so")
        case ["sleep"]:
            print("sleeps", flush=True)
            sleep(60)
        case _:
            print(json.dumps(seen()))


def seen() -> dict[str, Any]:
    """What a process has from where it was started, and what Prefect has made of it."""
    from prefect.settings import get_current_settings

    import flows.encrypt_secrets  # noqa: F401 - as the command does, for what it sets up

    spawning = get_context("spawn")
    with spawning.Pool(1) as pool:
        worker = pool.apply(place)
    return {
        **place(),
        "worker": worker,
        "environment": dict(os.environ),
        "input": sys.stdin.read(),
        "is a terminal": [stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)],
        "group and session": [os.getpgrp(), os.getsid(0)],
        "signals": {number.name: str(signal.getsignal(number)) for number in signal.Signals},
        "mask": sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, []))),
        "files allowed": resource.getrlimit(resource.RLIMIT_NOFILE),
        "threads": [thread.name for thread in threading.enumerate()],
        "settings": get_current_settings().model_dump(mode="json"),
        "loggers": {
            name: [logging.getLogger(name).level, len(logging.getLogger(name).handlers)]
            for name in ("", "prefect", "prefect.flow_runs", "prefect.task_runs")
        },
    }


def place() -> dict[str, Any]:
    """Where a process is, and as what."""
    main = sys.modules["__main__"]
    return {
        "directory": str(Path.cwd()),
        "words": sys.argv,
        "path": sys.path,
        "main": [main.__name__, getattr(main.__spec__, "name", None)],
        "umask": [os.umask(0o077), os.umask(0o077)],
    }


if __name__ == "__main__":
    main()
