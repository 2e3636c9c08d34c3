"""Children are asked to end, once each, and waited for as long as was said."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from flows.children import children, stop_children

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells of them")

# A parent whose child does what is said when it is asked to end.
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""
READY = "print(flush=True); time.sleep(60)"
ENDS = f"import signal, sys, time; signal.signal(15, lambda *_: sys.exit()); {READY}"
STAYS = f"import signal, time; signal.signal(15, lambda *_: None); {READY}"

Family = tuple[subprocess.Popen[str], int]


@pytest.fixture
def parent_of() -> Iterator[Callable[[str], Family]]:
    started = []

    def start(child: str) -> Family:
        words = [sys.executable, "-c", PARENT, child]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        return process, int(process.stdout.readline())

    yield start
    for process in started:
        for child in children(process.pid):
            subprocess.run(["kill", "-9", str(child)], check=False)
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


def test_a_child_is_known_and_ends_when_asked(parent_of: Callable[[str], Family]):
    parent, child = parent_of(ENDS)

    assert children(parent.pid) == {child}
    assert stop_children(parent.pid, 10)
    assert children(parent.pid) == set()


def test_one_that_does_not_end_is_not_waited_for_longer(parent_of: Callable[[str], Family]):
    parent, child = parent_of(STAYS)
    began = time.monotonic()

    assert not stop_children(parent.pid, 0.5)
    assert time.monotonic() - began >= 0.5
    assert children(parent.pid) == {child}
