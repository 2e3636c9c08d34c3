"""A process whose work is done ends at once, with all that it printed and the code it was told."""

import subprocess
import sys

import pytest

PROGRAM = """
import atexit
import sys
from reseal.leaving import Leaving

class Loaded:
    def __del__(self):
        print("taken apart", flush=True)

loaded = Loaded()
leaving = Leaving()
atexit.register(print, "registered later")
print("printed")
leaving.code = {code}
sys.exit(4)
"""


@pytest.mark.parametrize(
    ("told", "code", "printed"),
    [
        (3, 3, ["printed", "registered later"]),
        (None, 4, ["printed", "registered later", "taken apart"]),
    ],
)
def test_it_ends_with_what_it_was_told_and_else_as_any_other(told, code, printed):
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(code=told)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout.split("\n")[:-1]) == (code, printed)


def test_what_cannot_be_printed_is_told_in_python_s_own_way():
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(code=0)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode != 0
    assert "No space left" in ended.stderr
