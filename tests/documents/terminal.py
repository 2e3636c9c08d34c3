"""A command run in a terminal of its own, and what stands on its screen in the end."""

import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from fcntl import ioctl
from pathlib import Path

# Of what a terminal is told only colours stay; the cursor goes up only to draw lines anew.
_TOLD = re.compile(r"\x1b\[(?P<numbers>[?\d;]*)(?P<verb>[A-Za-z])|\r?\n|\r")


def run(
    command: Sequence[str],
    directory: Path,
    variables: Mapping[str, str],
    columns: int,
    typed: str = "",
) -> str:
    """Run a command and return its screen with its colours; raise where it fails.

    What is `typed` waits in the terminal until it is asked for.
    """
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    child = subprocess.Popen(
        command, cwd=directory, env=dict(variables), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    said = b"".join(_read(ours))
    os.close(ours)
    if child.wait():
        raise subprocess.CalledProcessError(child.returncode, command, said)
    return screen(said.decode())


def _read(end: int):
    while True:
        try:
            yield (some := os.read(end, 65536))
        except OSError:
            # The other end is closed.
            return
        if not some:
            return


def screen(said: str) -> str:
    """Return the lines that stand there once everything was said."""
    lines, row, at = [""], 0, 0
    for told in _TOLD.finditer(said):
        lines[row] += said[at : told.start()]
        at = told.end()
        if told[0].endswith("\n"):
            row += 1
            lines += [""] * (row == len(lines))
        elif told["verb"] == "A":
            row -= int(told["numbers"] or 1)
        elif told["verb"] == "K":
            lines[row] = ""
        elif told["verb"] == "m":
            lines[row] += told[0]
    lines[row] += said[at:]
    return "\n".join(line.rstrip() for line in lines).strip("\n")
