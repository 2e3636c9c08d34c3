"""Every command that a page shows is one that there is, with options that it has."""

import importlib.util
import re
from pathlib import Path

import pytest
import typer

from tests.documents.markdown import PAGES, ROOT
from tests.documents.meanings import SETTINGS, VARIABLES
from tests.documents.shell import commands, mentions, parsed, programs, words_of

MAKEFILE = (ROOT / "Makefile").read_text()
# Programs of others, and whose test runs them as they stand here.
OTHERS = {
    "openssl": "tests/flows/test_first_hour.py",
    "chmod": "tests/flows/test_first_hour.py",
    "prefect": "tests/flows/test_schedule.py",
    "psql": "tests/flows/test_bad_night.py",
    "pg_restore": "tests/flows/test_bad_night.py",
}
SHOWN = [(page, line) for page in PAGES for line in commands(page)]
MENTIONED = [(page, line) for page in PAGES for line in mentions(page)]


def name(pair: object) -> str:
    return pair if isinstance(pair, str) else Path(str(getattr(pair, "path", pair))).name


@pytest.mark.parametrize(("page", "line"), SHOWN, ids=name)
def test_a_line_that_is_shown_is_a_command(page, line):
    ((program, words, _),) = programs([line])
    if program == "reseal":
        parsed(words)
    elif program == "make":
        assert re.search(rf"^{words[0]}:", MAKEFILE, re.MULTILINE)
    elif program == "export":
        known = {*SETTINGS, *(one for names, _ in VARIABLES for one in names.split(", "))}
        assert words[0].partition("=")[0] in known
    elif program in ("python", "python3"):
        assert words[0] == "-m"
        assert importlib.util.find_spec(words[1])
    else:
        assert (ROOT / OTHERS[program]).exists()


@pytest.mark.parametrize(("page", "line"), MENTIONED, ids=name)
def test_a_command_that_is_mentioned_is_one_with_these_options(page, line):
    parsed(words_of(line), is_whole=False)


def test_there_are_some():
    assert len(SHOWN) > 30
    assert len(MENTIONED) > 100


@pytest.mark.parametrize(
    "words",
    [
        ["encript"],
        ["keys", "burn"],
        ["encrypt", "--fast"],
        ["keys", "disable", "one"],
        ["check", "users"],
        ["rollback"],
    ],
    ids=" ".join,
)
def test_what_there_is_not_is_told(words):
    with pytest.raises((ValueError, typer.TyperException)):
        parsed(words)
