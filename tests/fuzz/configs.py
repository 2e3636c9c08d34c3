"""reseal.toml as people write it, and as nobody should."""

import re
import tomllib
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from reseal.config import Config, load_config
from reseal.errors import ConfigurationError
from tests.fuzz.edits import edited
from tests.fuzz.subject import Case, need
from tests.scratch import scratch

# Every word that there is, and fields of every kind.
EVERY_WORD = """
[reseal]
schema = "vault"
evidence = "s3://bucket/evidence"
application = "app"
most_quarantined_percent = 5

[keys]
cryptoperiod_days = 90
read_window_days = 14
disabled_days = 30
base_backups_kept_days = 35

[backup]
kept_days = 30
to = "/var/backups/reseal"

[[field]]
name = "users.mfa_secret"
table = "auth.users"
column = "mfa_secret"
key = ["tenant", "id"]
format = "hex"
where = "type = 'totp'"
empty = ["", "false"]
bind = "field"
bound_name = "mfa"
declared = "plaintext"
triggers = "skip"
digits = 8
period = 60
digest = "SHA256"

[[field]]
name = "factors.data"
table = "factors"
column = "data"
path = 'entries[type=totp]."odd name"[0].secret'
bind = "row"
triggers = "fire"

[[field]]
name = "legacy.secret"
table = "legacy"
column = "secret"
format = "otpauth"
store = "side"
"""

SHORTEST = '[[field]]\nname = "users.mfa_secret"\ntable = "users"\ncolumn = "mfa_secret"\n'

_TOML_IN_README = re.compile(r"```toml\n(.*?)```", re.DOTALL)
_TOKEN = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|[\w.-]+|[^\w\s]")
_TOKENS = (
    *('""', '"x"', "'x'", '"\\u0000"', '"\\ud800"', '"""', "'''", "0", "-1", "1.5", "1e999", "nan"),
    *(
        "inf",
        "0x1F",
        "0b2",
        "true",
        "false",
        "[]",
        "[[]]",
        "{}",
        "{x=1}",
        "[1]",
        '["a", 1]',
        "=",
        ".",
    ),
    *(
        "1979-05-27",
        "07:32:00",
        "1979-05-27T07:32:00Z",
        "9999-99-99",
        "[",
        "]",
        "[[",
        "]]",
        "{",
        "}",
    ),
    *(
        ",",
        "#",
        "\\",
        '"',
        "'",
        "name",
        "field",
        "keys",
        "9" * 30,
        "9" * 5000,
        "[" * 3000,
        "x." * 2000,
    ),
)
VALUES: tuple[Any, ...] = (
    *("", "x", "\0", "é", 0, -1, 1.5, True, False, 10**30, float("inf"), [], [1], ["a"], [[]]),
    *({}, {"x": 1}, [{}], [{"name": "x"}], "a" * 5000, ["", "\0"]),
)
_STRANGE_KEYS = ("", "x", "Name", "name ", "\0", "é", "0", "field", "reseal")
_BREAKS = str.maketrans({chr(code): f"\\u{code:04x}" for code in (*range(32), 34, 92, 127)})


class Configs:
    """Real texts, each with a few edits of bytes, tokens, lines or values."""

    name: ClassVar[str] = "configs"
    count: ClassVar[int] = 10_000

    def __init__(self) -> None:
        readme = Path(__file__).parents[2] / "README.md"
        blocks = _TOML_IN_README.findall(readme.read_text(encoding="utf-8"))
        self.texts = (EVERY_WORD, SHORTEST, *blocks)
        self._directory = scratch("reseal-fuzz-")
        self.path = Path(self._directory.name) / "reseal.toml"

    def case(self, random: Random) -> Case:
        text, other = random.choice(self.texts), random.choice(self.texts)
        how = random.choice(list(CONFIG_EDITS))
        return Case(how, CONFIG_EDITS[how](random, text, other))

    def answer(self, case: Case) -> str:
        self.path.write_bytes(case.given)
        try:
            config = load_config(self.path)
        except ConfigurationError as error:
            need(str(self.path) in str(error), "an error does not name the file")
            need(error.__cause__ is None, "an error has a cause")
            return type(error).__name__
        _need_usable(config)
        return "accepted"


def _need_usable(config: Config) -> None:
    """Do with the fields what needs no database."""
    need(config.select([]) == config.fields, "a field that cannot be selected")
    for field in config.fields:
        need(config.field(field.name) is field, "a field that is not found by its name")
        re.compile(field.pattern)
        field.shape("JBSWY3DPEHPK3PXP")
        str(field.place((1,)))
        need(field.path is None or bool(field.path.jsonpath()), "a path that leads nowhere")


ConfigEdit = Callable[[Random, str, str], bytes]


def _bytes(random: Random, text: str, other: str) -> bytes:
    content = text.encode()
    for _ in range(random.choice((1, 1, 2, 4))):
        content = edited(random, content, other.encode())[1]
    return content


def _tokens(random: Random, text: str, _other: str) -> bytes:
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        token = random.choice(list(_TOKEN.finditer(text)))
        text = text[: token.start()] + random.choice(_TOKENS) + text[token.end() :]
    return text.encode()


def _lines(random: Random, text: str, other: str) -> bytes:
    lines = text.splitlines()
    at = random.randrange(len(lines))
    match random.randrange(4):
        case 0:
            del lines[at]
        case 1:
            lines.insert(random.randrange(len(lines)), lines[at])
        case 2:
            lines.insert(at, random.choice(other.splitlines()))
        case _:
            random.shuffle(lines)
    return "\n".join(lines).encode()


def _structure(random: Random, text: str, _other: str) -> bytes:
    """Put a value of any type in the place of one, or add or remove a word."""
    document = tomllib.loads(text)
    for _ in range(random.choice((1, 1, 2))):
        table = random.choice(_tables(document))
        word = random.choice([*table, random.choice(_STRANGE_KEYS)])
        match random.randrange(4):
            case 0:
                table.pop(word, None)
            case _:
                table[word] = deepcopy(random.choice(VALUES))
    return spelled(document)


def _tables(document: Any) -> list[dict[str, Any]]:
    found = [document] if isinstance(document, dict) else []
    inside = document.values() if isinstance(document, dict) else document
    for value in inside:
        if isinstance(value, dict | list):
            found += _tables(value)
    return found


CONFIG_EDITS: dict[str, ConfigEdit] = {
    "edits of bytes": _bytes,
    "other tokens": _tokens,
    "other lines": _lines,
    "other values": _structure,
}


def spelled(document: dict[str, Any]) -> bytes:
    """Spell a document as TOML, in inline tables; there are no line ends in one."""
    lines = [f"{_key(word)} = {_spelled(value)}" for word, value in document.items()]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _spelled(value: Any) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{_key(word)} = {_spelled(each)}" for word, each in value.items())
        return f"{{{inside}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_spelled, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return _key(value) if isinstance(value, str) else str(value)


def _key(text: str) -> str:
    return f'"{text.translate(_BREAKS)}"'
