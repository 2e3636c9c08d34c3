"""What is fuzzed: a subject makes cases, and says what its readers answer."""

from random import Random
from typing import Any, ClassVar, NamedTuple, Protocol


class Case(NamedTuple):
    """A mutated input, how it came about, and what else the subject needs to judge the answer."""

    how: str
    given: Any
    wanted: Any = None


class Wrong(Exception):
    """A reader gave what it must not give."""


class Subject(Protocol):
    """Whatever comes out of `answer` but a text is a fault: an error, or Wrong."""

    name: ClassVar[str]
    count: ClassVar[int]
    """How many cases `make fuzz` tries."""

    def case(self, random: Random) -> Case:
        """Make a case of nothing but these random numbers."""

    def answer(self, case: Case) -> str:
        """Return in a word or two what the readers say to it."""


def need(condition: bool, said: str) -> None:
    """Raise Wrong unless the condition holds; also where Python runs without assertions."""
    if not condition:
        raise Wrong(said)
