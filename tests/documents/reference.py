"""docs/configuration.md: every word that the code knows, with what the code says of it.

Which words there are, and what they may be, is asked of the code: by the sentence with which it
refuses another word, or a value that nothing can be. Only what a word is for is written here.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reseal.config import parse_config
from reseal.errors import ConfigurationError
from reseal.modes import Mode
from reseal.pacing.limits import bounds
from reseal.pacing.policy import PacePolicy
from reseal.pacing.signal import Signal
from tests.documents.meanings import SETTINGS, TABLES, VARIABLES

ROOT = Path(__file__).parents[2]
_ROOMS = ("reseal", "flows", "tasks", "deployments")
_FIELD = {"name": "users.mfa_secret", "table": "users", "column": "mfa_secret"}
_MODES = (Mode.SAFE, Mode.STANDARD, Mode.AGGRESSIVE)
# A text that no word takes, and a number that none takes.
_IMPOSSIBLE: tuple[Any, ...] = ({}, -1, "\N{SNOWMAN}")

_HEAD = """# Configuration

Made from the code by `make pages`; a test compares them. A key is never in a file of words or a
parameter: a setting says where it is.

## Settings

They come from the environment. The first group is read by every command and by a worker's flows;
an application passes the same to `Vault.connect` and `AdaptivePool` itself. `reseal doctor` shows
which are in effect and where each comes from, without any password or key.
"""

_TOML = """
## reseal.toml

It is looked for in the working directory; `RESEAL_CONFIG` or `--config` names another. An unknown
word is an error, not a default; every fault is one sentence that names the file and the spot, with
exit code 2. `reseal init` writes one, with the words to know of as comments.
"""


def page() -> str:
    """Return the whole page."""
    settings = _table(("setting", "meaning"), ((f"`{name}`", said) for name, said in _settings()))
    others = _table(("variable", "meaning"), ((f"`{name}`", said) for name, said in VARIABLES))
    tables = "\n".join(_toml_table(name) for name in TABLES)
    return f"{_HEAD}\n{settings}\nOthers that are heeded:\n\n{others}{_TOML}\n{tables}\n{_limits()}"


def named_in_code() -> set[str]:
    """Return the settings that the code reads."""
    files = [path for room in _ROOMS for path in (ROOT / room).rglob("*.py")]
    found = re.compile(r'get\(\s*"(RESEAL_[A-Z0-9_]+)"|variables\["(RESEAL_[A-Z0-9_]+)"\]')
    return {
        name
        for path in files
        for pair in found.findall(path.read_text(encoding="utf-8"))
        for name in pair
        if name
    }


def words_of(table: str) -> list[str]:
    """Return the words of a table of reseal.toml, as the code names them to who wrote another."""
    said = _refusal({table: _holding(table, {"no_such_word": 1})})
    return said.rpartition("known: ")[2].split(", ")


def _settings() -> Iterator[tuple[str, str]]:
    missing = named_in_code() ^ set(SETTINGS)
    if missing:
        raise ValueError(f"without a meaning, or not in the code: {', '.join(sorted(missing))}")
    yield from SETTINGS.items()


def _toml_table(name: str) -> str:
    intro, meanings = TABLES[name]
    words = words_of(name)
    if set(words) != set(meanings):
        raise ValueError(f"[{name}] has the words {words}, and {list(meanings)} have a meaning")
    title = "`[[field]]`" if name == "field" else f"`[{name}]`"
    rows = ((f"`{word}`", _takes(name, word), meanings[word]) for word in words)
    return f"### {title}\n\n{intro}\n\n{_table(('word', 'takes', 'meaning'), rows)}"


def _takes(table: str, word: str) -> str:
    """Return what a word takes, in the words of the code's refusals; the narrowest is the last."""
    told = "anything"
    for value in _IMPOSSIBLE:
        said = _refusal({table: _holding(table, {word: value})})
        found = re.search(r"must (?:be )?(.*?)(?:; |, and |, such as | in field '|$)", said)
        if found and (told == "anything" or not isinstance(value, dict)):
            told = found[1] if found[1] not in ("a string", "a whole number") else told
            told = told if told != "anything" else found[1]
    return told


def _holding(table: str, words: Mapping[str, Any]) -> Any:
    return [{**_FIELD, **words}] if table == "field" else dict(words)


def _refusal(document: Mapping[str, Any]) -> str:
    try:
        parse_config({"field": [_FIELD], **document})
    except ConfigurationError as error:
        return str(error)
    return ""


def _limits() -> str:
    known = {mode: bounds(mode, PacePolicy()).limits for mode in _MODES}
    rows = (
        (f"`{signal}`", *(_number(known[mode].get(signal)) for mode in _MODES)) for signal in Signal
    )
    table = _table(("word", *(mode.value for mode in _MODES)), rows)
    intro = (
        "A number above 0 in place of the mode's own, which are these; the runbook's\n"
        "[How hard a run works](runbook.md#how-hard-a-run-works) says what each is."
    )
    return f"### `[pace.limits]`\n\n{intro}\n\n{table}"


def _number(limit: float | None) -> str:
    return "none" if limit is None else f"{limit:g}"


def _table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
