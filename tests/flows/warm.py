"""A process that has imported what commands import, and forks one for each that is asked of it.

Its words are the modules. It asks nothing of them and starts nothing, so that there is no thread
that a fork would lose. On its input, a socket, comes a byte for each command, with three
descriptors: a socket to tell of the command, and what it prints to.
"""

import atexit
import gc
import json
import os
import runpy
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module

# Known once a command has said it; who ends otherwise does it in Python's own way.
_exit_codes: list[int] = []


def main() -> None:
    """Serve until the input ends; what was forked returns from here too, when it is through."""
    # The first one registered is the last one called.
    atexit.register(leave)
    for name in sys.argv[1:]:
        import_module(name)
    assert threading.active_count() == 1, "what is forked would lack a thread"
    # The collector of what is forked would copy all of it by looking at it.
    gc.freeze()
    # A Ctrl-C at the terminal is for the tests; and nobody asks what became of those who mind.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with no_heartbeats():
        serve(socket.socket(fileno=0))


def serve(asked: socket.socket) -> None:
    """Fork a process for each command that is asked for."""
    while received := socket.recv_fds(asked, 1, 3)[1]:
        if not os.fork():
            asked.detach()
            mind(*received)
            return
        for descriptor in received:
            os.close(descriptor)


@contextmanager
def no_heartbeats() -> Iterator[None]:
    """Let no flow beat, for those who look for flows that have died.

    Each would wait at its end for a thread that looks once a second whether it is to end.
    """
    if "prefect" not in sys.modules:
        yield
        return
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


def mind(telling: int, out: int, err: int) -> None:
    """Fork the command; tell its process id and, when that process has ended, its code.

    The command is its own process to be killed, so that another one has to wait for it.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with socket.socket(fileno=telling) as connection, connection.makefile("rw") as lines:
        words, directory, environment = json.loads(lines.readline())
        pid = os.fork()
        if pid:
            print(pid, file=lines, flush=True)
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), file=lines, flush=True)
            os._exit(0)
    stand_in(directory, environment, out, err)
    become(words)


def stand_in(directory: str, environment: Mapping[str, str], out: int, err: int) -> None:
    """Have what a process has that was started there, with these variables and outputs."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((nothing, out, err)):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    # Where `python -m` looks first.
    sys.path[0] = directory


def become(words: list[str]) -> None:
    """Do what `python -m` does with these words; also for the workers, which start afresh."""
    sys.argv = list(words)
    try:
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if isinstance(ended.code, int):
            _exit_codes.append(ended.code)
        raise


def leave() -> None:
    """End at once when all is done: to take apart what was imported costs more than a fork."""
    if _exit_codes:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_exit_codes[0])


if __name__ == "__main__":
    main()
