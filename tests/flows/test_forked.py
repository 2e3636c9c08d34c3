"""A command that is forked cannot tell, nor can who started it: it is like one that was started."""

import signal
import subprocess
from dataclasses import replace
from typing import Any

import pytest

from tests.flows.conftest import CommandLine
from tests.flows.forked import Started

pytestmark = pytest.mark.slow

# CPython adds it where the locale is C.
ADDED = "LC_CTYPE"


@pytest.fixture
def both(command_line: CommandLine) -> list[CommandLine]:
    """The same command line, started and forked, with a program that says what it sees."""
    said = replace(command_line, program="tests.flows.seen")
    return [replace(said, is_cold=is_cold) for is_cold in (True, False)]


def test_it_sees_what_a_started_one_sees(both: list[CommandLine]) -> None:
    started, forked = (seen(command_line) for command_line in both)
    beats = [said["settings"]["flows"].pop("heartbeat_frequency") for said in (started, forked)]
    assert forked == started
    # The one thing that is spared: at the end of each flow, a second that is waited for its thread.
    assert beats[0] > 0
    assert beats[1] is None
    assert started["environment"]["RESEAL_KEK"] == "env:OTHER"


def seen(command_line: CommandLine) -> dict[str, Any]:
    ended = command_line.run("a", "b c", RESEAL_KEK="env:OTHER")
    assert (ended.code, ended.err) == (0, "")
    document = ended.document
    document["environment"].pop(ADDED, None)
    # It is a set, whose order is another one in each process.
    document["settings"]["server"]["services"]["db_vacuum"]["enabled"].sort()
    return document


@pytest.mark.parametrize(
    ("words", "code"),
    [(("exit", "0"), 0), (("exit", "3"), 3), (("exit", "why"), 1), (("raise",), 1)],
)
def test_it_ends_with_the_same_code_and_words(
    both: list[CommandLine], words: tuple[str, ...], code: int
) -> None:
    started, forked = (command_line.run(*words) for command_line in both)
    assert (forked.code, forked.out, forked.err.splitlines()[-1:]) == (
        code, started.out, started.err.splitlines()[-1:],
    )  # fmt: skip
    assert started.code == code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_a_signal_ends_it(both: list[CommandLine], number: signal.Signals) -> None:
    codes = [ended_by(command_line.start("sleep"), number) for command_line in both]
    assert codes == [-number, -number]


def ended_by(process: Started, number: signal.Signals) -> int:
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    assert process.poll() is None
    process.send_signal(number)
    return process.wait(30)
