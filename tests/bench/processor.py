"""Processor seconds and memory of processes: the first hardly change with others' work."""

import psutil  # type: ignore[import-untyped]

_MEBIBYTE = 2**20


class Family:
    """A process and all that come from it; `gather` looks who they are now."""

    def __init__(self, pid: int) -> None:
        self._main = psutil.Process(pid)
        self._members: list[psutil.Process] = []
        self.gather()

    def gather(self) -> None:
        """Look again who is one of them."""
        self._members = [self._main, *self._main.children(recursive=True)]

    def seconds(self) -> float:
        """Return the processor seconds of all that live, and of all that they have seen end."""
        main, *others = self._members
        return _seconds(main) + sum(_seconds_if_there(member) for member in others)

    def resident(self) -> list[float]:
        """Return the resident MiB of each, the first one's first; what they share, each has."""
        return [_mebibytes(member, "rss") for member in self._members]

    def proportional(self) -> float:
        """Return the MiB that all of them hold, with what they share counted once."""
        return sum(_mebibytes(member, "pss") for member in self._members)


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    own = times.user + times.system
    return float(own + times.children_user + times.children_system)


def _seconds_if_there(process: psutil.Process) -> float:
    try:
        return _seconds(process)
    except psutil.NoSuchProcess:
        # Who waited for it has its seconds now.
        return 0.0


def _mebibytes(process: psutil.Process, kind: str) -> float:
    try:
        info = process.memory_info() if kind == "rss" else process.memory_full_info()
    except psutil.Error:
        return 0.0
    return float(getattr(info, kind)) / _MEBIBYTE
