"""A process that has imported what every rotation imports, and forks one for each line it reads.

What is forked is a process of its own, to be killed like any other; its workers, which import this
module, start afresh. It answers with the process id and, when that process has ended, its code.
"""

import gc
import json
import os
import sys
from importlib import import_module

# The latter ones Prefect imports as late as it can.
_IMPORTED_BY_ALL = (
    "flows.cli",
    "flows.runs",
    "flows.rotate_keys",
    "great_expectations",
    "anyio._backends._asyncio",
    "fastapi",
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect.utilities.visualization",
)


def main() -> int:
    """Serve until the input ends; in what was forked, return the command's exit code."""
    for name in _IMPORTED_BY_ALL:
        import_module(name)
    # The collector of what is forked would copy all of it by looking at it.
    gc.freeze()
    for line in sys.stdin:
        words, out, err = json.loads(line)
        pid = os.fork()
        if not pid:
            return _reseal(words, out, err)
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
    return 0


def _reseal(words: list[str], out: str, err: str) -> int:
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        os.dup2(os.open(path, flags, 0o600), number)
    sys.argv = ["reseal", *words]
    return int(import_module("flows.cli").main())


if __name__ == "__main__":
    sys.exit(main())
