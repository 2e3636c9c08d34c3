"""The commands that a page shows, and whether the command line knows them."""

import re
import shlex
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import typer

from flows.cli import app
from tests.documents.markdown import Page

RUN = "6f1e1c3a-0d7b-4c6e-9a51-0f2d3b4c5d6e"
# What stands for something else, and what could stand there.
_STANDING_FOR = {
    "RUN": RUN, "VERSION": "1", "NUMBER": "1", "N": "1", "SECONDS": "60", "N:HASH": "1:ab",
}  # fmt: skip
# What looks like a command and is the name of something.
NAMES = {"reseal run RUN", "reseal schema"}


def commands(page: Page) -> list[str]:
    """Return the lines of its console blocks that a person types, without comments."""
    lines = "\n".join(page.blocks("console")).replace("\\\n", " ").splitlines()
    typed = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return [re.sub(r"\s+# .*", "", line) for line in typed]


def mentions(page: Page) -> list[str]:
    """Return the commands of Reseal within its lines, as they stand there."""
    found = [span for span in page.spans() if re.match(r"reseal( |$)", span)]
    return [span for span in found if span not in NAMES and "COMMAND" not in span]


def words_of(line: str) -> list[str]:
    """Return the words of a command of Reseal's, with something in place of each placeholder."""
    bare = re.sub(r"\[([^\]]*)\]", r"\1", line).replace("\\|", " ").replace("|", " ")
    words = [_STANDING_FOR.get(word, word.rstrip(".…")) for word in shlex.split(bare)]
    return words[1:]


def parsed(words: Sequence[str], *, is_whole: bool = True) -> None:
    """Let the command line take words apart, and run nothing; raise what it raises of them.

    What is not whole may lack what the command needs.
    """
    command, at = _command(), 0
    while hasattr(command, "commands") and at < len(words):
        if words[at] in ["--help", *(name for one in command.params for name in one.opts)]:
            # Of a command that has others below, it asks for help.
            return
        if words[at] not in command.commands:
            raise ValueError(f"no command {' '.join(words[: at + 1])}")
        command, at = command.commands[words[at]], at + 1
    if hasattr(command, "commands"):
        if is_whole:
            raise ValueError(f"{' '.join(words)} is no whole command")
        return
    try:
        command.make_context("reseal", list(words[at:]))
    except typer.Exit:
        # It asks for help.
        return
    except typer.TyperException as error:
        said = error.format_message()
        if is_whole or not ("Missing" in said or "requires an argument" in said):
            raise


@cache
def _command() -> Any:
    return typer.main.get_command(app)


def programs(lines: Sequence[str]) -> Iterator[tuple[str, list[str], str]]:
    """Yield the program of each line, its words and the line."""
    for line in lines:
        words = shlex.split(line)
        yield words[0].removeprefix(".venv/bin/"), words[1:], line
