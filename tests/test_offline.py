"""The trap that says whether a command wanted anything from the network."""

import os
import subprocess
import sys

import pytest

ASKS = "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ({host!r}, 9))"
NAMED = "1 packets wanted to leave to 203.0.113.7:9\n"
CASES = {
    "what leaves": (ASKS.format(host="203.0.113.7"), 1, NAMED),
    "what stays": (ASKS.format(host="127.0.0.1"), 0, ""),
    "what fails": ("raise SystemExit(3)", 3, ""),
}  # fmt: skip


@pytest.mark.parametrize(("code", "ends", "said"), CASES.values(), ids=CASES)
def test_it_catches_what_leaves_and_keeps_what_a_command_ends_with(tmp_path, code, ends, said):
    (tmp_path / "wanting.py").write_text(code)
    path = os.pathsep.join([str(tmp_path), *sys.path])
    ended = subprocess.run(
        [sys.executable, "-m", "tests.offline", "wanting"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (ends, said)
