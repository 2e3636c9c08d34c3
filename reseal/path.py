"""The way to a leaf inside a JSON document, as the operator and as PostgreSQL write it."""

import json
import re
from dataclasses import dataclass
from typing import Self

from reseal.errors import FieldError

_WORD = re.compile(r"[\w-]+")
_TEXT = r'(?:[\w-]+|"(?:[^"\\]|\\.)*")'
# Nine digits fit into PostgreSQL's int, which an SQL/JSON path counts with.
_STEP = re.compile(
    rf"\.(?P<name>{_TEXT})"
    rf"|\[(?:(?P<every>\*)|(?P<index>0|[1-9][0-9]{{0,8}})|(?P<member>{_TEXT})=(?P<value>{_TEXT}))\]"
)
_NOT_A_STEP = (
    'has none of the steps .name, ."any name", [0], [*] and [name=value]; '
    "only the first name has no dot"
)
_NOT_LASTING = "leads to the member it chooses by, and would not find it again once it is replaced"
_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Name:
    """The members of an object that have this name."""

    text: str

    def __str__(self) -> str:
        return "." + _spelled(self.text)

    def lax(self) -> str:
        """Spell the step for a lax SQL/JSON path."""
        return "." + _quoted(self.text)

    def strict(self) -> str:
        """Spell the step for a strict path, so that it never fails where it does not fit."""
        return f" ? (exists(@{self.lax()})){self.lax()}"


@dataclass(frozen=True, slots=True)
class Index:
    """The element of an array at this number, counted from 0."""

    number: int

    def __str__(self) -> str:
        return f"[{self.number}]"

    def lax(self) -> str:
        """Spell the step for a lax SQL/JSON path."""
        return str(self)

    def strict(self) -> str:
        """Spell the step for a strict path, so that it never fails where it does not fit."""
        return f" ? (exists(@{self})){self}"


@dataclass(frozen=True, slots=True)
class Every:
    """All elements of an array."""

    def __str__(self) -> str:
        return "[*]"

    def lax(self) -> str:
        """Spell the step for a lax SQL/JSON path."""
        return str(self)

    def strict(self) -> str:
        """Spell the step for a strict path, so that it never fails where it does not fit."""
        return ' ? (@.type() == "array")[*]'


@dataclass(frozen=True, slots=True)
class Chosen:
    """The elements of an array that are objects whose `member` is the string `value`."""

    member: str
    value: str

    def __str__(self) -> str:
        return f"[{_spelled(self.member)}={_spelled(self.value)}]"

    def lax(self) -> str:
        """Spell the step for a lax SQL/JSON path."""
        return f"[*] ? (@.{_quoted(self.member)} == {_quoted(self.value)})"

    def strict(self) -> str:
        """Spell the step for a strict path, so that it never fails where it does not fit."""
        return ' ? (@.type() == "array")' + self.lax()


Element = Index | Every | Chosen
Step = Name | Element


@dataclass(frozen=True, slots=True)
class Path:
    """The steps from the top of a document to its leaves."""

    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a path such as `a.b[0]`, `[*].c`, `"odd name".d` or `e[type=totp].f`.

        A name or value of other characters than letters, digits, `_` and `-` is written as a
        JSON string. Raises FieldError, which names the path and the position, counted from 1.
        """
        # A first name has no dot before it; with one, every name is written alike.
        lead = "" if text.startswith("[") else "."
        return cls(_parsed(lead + text, text, len(lead)))

    def __str__(self) -> str:
        return "".join(map(str, self.steps)).removeprefix(".")

    def jsonpath(self) -> str:
        """Spell it as a lax SQL/JSON path, which finds at least the leaves that `leaves` finds.

        It finds more where the types do not fit: a member is also looked for in the elements of
        an array, and a value that is no array counts as an array of one. It finds less in strings
        that hold JSON, which SQL/JSON does not enter, and of members with the same name jsonb
        keeps but the last.
        """
        return "$" + "".join(step.lax() for step in self.steps)

    def strict_jsonpath(self) -> str:
        """Spell it as a strict SQL/JSON path that finds just what `leaves` finds in a jsonb.

        It raises no errors where a step does not fit. Strings that hold JSON are not entered.
        """
        return "strict $" + "".join(step.strict() for step in self.steps)


def _parsed(text: str, written: str, shift: int) -> tuple[Step, ...]:
    steps: list[Step] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        step = _step(match) if match else None
        where = f"path {written!r} at position {max(at - shift, 0) + 1} "
        if match is None or step is None:
            raise FieldError(where + _NOT_A_STEP)
        if steps and isinstance(last := steps[-1], Chosen) and step == Name(last.member):
            raise FieldError(where + _NOT_LASTING)
        steps.append(step)
        at = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> Step | None:
    """Make a step of what was matched, or None where a quoted text is not one."""
    if match["every"]:
        return Every()
    if match["index"]:
        return Index(int(match["index"]))
    texts = [_plain(match[group]) for group in ("name", "member", "value") if match[group]]
    if len(texts) == 2:
        member, value = texts
        return None if member is None or value is None else Chosen(member, value)
    return None if texts[0] is None else Name(texts[0])


def _plain(spelled: str) -> str | None:
    if not spelled.startswith('"'):
        return spelled
    try:
        text = str(json.loads(spelled))
    except ValueError:
        return None
    # PostgreSQL takes neither in an SQL/JSON path.
    return None if _NOT_STORABLE.search(text) else text


def _spelled(text: str) -> str:
    return text if _WORD.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
