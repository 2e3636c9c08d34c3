"""What `reseal --help` shows, what a shell completes, and that a pipe gets no colour."""

import os
from pathlib import Path
from typing import Any

import pytest
import typer

from flows.cli import app
from flows.flags import Panel
from tests.documents.commands import leaves
from tests.flows.conftest import CONFIG, CommandLine, Ended
from tests.flows.scene import clean_environment
from tests.flows.sentences import NOBODY

RUNS = [f"{digit * 8}-0000-4000-8000-000000000000" for digit in "123"]
LEAVES = dict(leaves())


@pytest.fixture
def reseal(tmp_path: Path) -> CommandLine:
    made = CommandLine(
        tmp_path, {**clean_environment(), "PREFECT_API_URL": NOBODY, "COLUMNS": "200"}
    )
    made.write_config(CONFIG)
    return made


def complete(reseal: CommandLine, line: str) -> list[str]:
    """What bash is told when somebody has typed this and asks for more."""
    said: dict[str, Any] = {"_RESEAL_COMPLETE": "complete_bash", "COMP_WORDS": line,
            "COMP_CWORD": str(len(line.split(" ")) - 1)}  # fmt: skip
    ended = reseal.run(**said)
    assert ended.err == ""
    return ended.out.split()


@pytest.mark.parametrize("words", LEAVES)
def test_the_help_of_each_command_says_what_it_writes(words):
    said = " ".join((LEAVES[words].help or "").split())

    assert "Nothing is written" in said or "Write" in said


def test_every_command_stands_under_a_heading(reseal):
    shown = reseal.run("--help")

    assert (shown.code, shown.err) == (0, "")
    assert [panel for panel in Panel if f"─ {panel} ─" not in shown.out] == []
    assert "─ Commands ─" not in shown.out
    whole: Any = typer.main.get_command(app)
    for name in whole.commands:
        assert f"│ {name} " in shown.out


def test_what_stands_in_brackets_is_not_taken_for_a_colour(reseal):
    assert "default [backup] to." in reseal.run("encrypt", "--help").out


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1", "TERM": "xterm-256color"}])
def test_a_pipe_gets_no_colour(reseal, variables):
    for words in (("--help",), ("doctor",), ("encript",)):
        shown: Ended = reseal.run(*words, **variables)
        assert "\x1b" not in shown.out + shown.err


TYPED = [
    ("reseal enc", ["encrypt"]),
    ("reseal keys re", ["retire", "rewrap"]),
    ("reseal encrypt --field u", ["users.mfa_secret"]),
    ("reseal encrypt --field x", []),
    ("reseal rollback ", RUNS[::-1]),
    (f"reseal approve {RUNS[1][:8]}", [RUNS[1]]),
]


@pytest.mark.parametrize(("line", "completions"), TYPED)
def test_a_shell_completes_commands_fields_and_runs(reseal, line, completions):
    for number, run in enumerate(RUNS):
        path = reseal.directory / "evidence" / run
        path.mkdir(parents=True)
        os.utime(path, (number, number))
    (reseal.directory / "evidence" / ".open").mkdir()

    assert complete(reseal, line) == completions


@pytest.mark.parametrize("config", ["", "[reseal"])
def test_nothing_is_completed_nor_said_where_reseal_toml_cannot_be_read(reseal, config):
    reseal.write_config(config)

    assert complete(reseal, "reseal encrypt --field u") == []
    assert complete(reseal, "reseal rollback ") == []


def test_completion_is_installed_when_it_is_asked_for(reseal, tmp_path):
    home = {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}

    shown = reseal.run("--show-completion", "bash", **home)
    installed = reseal.run("--install-completion", "bash", **home)

    assert (shown.code, installed.code) == (0, 0), installed.err
    assert "_RESEAL_COMPLETE=complete_bash" in shown.out
    assert "_RESEAL_COMPLETE" in (tmp_path / ".bash_completions" / "reseal.sh").read_text()
    assert "reseal.sh" in (tmp_path / ".bashrc").read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("keys", "name one of these commands; see `reseal keys --help`"),
        ("rollback", "see `reseal rollback --help`"),
        ("keys retire", "see `reseal keys retire --help`"),
        ("encript", "see `reseal --help`"),
    ],
)
def test_wrong_words_lead_to_the_help_of_their_command(reseal, words, says):
    ended = reseal.run(*words.split())

    assert ended.code == 2
    assert ended.err.rstrip().endswith(says)
