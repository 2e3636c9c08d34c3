"""The string leaves of a document, each with its path; array indexes become [*]."""

import json
from collections.abc import Iterator
from typing import Any

from reseal.path import Every, Name, Path

# The steps to a leaf: a member's name, or None for each element. Quicker to compare than a Path.
Spot = tuple[str | None, ...]

_EVERY = Every()
# Deeper, and with more different paths, is data and not a description of one.
_MOST_STEPS = 12


def _no_string(_: str) -> None:
    # Numbers are not looked at, and int() refuses more than 4,300 digits.
    return None


def strings(text: str) -> Iterator[tuple[Spot, str]]:
    """Yield where it stands and the text of every string, also in JSON inside a string.

    What is no document yields nothing.
    """
    document = _parsed(text)
    if document is not None:
        yield from _below(document, ())


def path_of(spot: Spot) -> Path:
    """Return the path that leads to where a leaf stands."""
    return Path(tuple(_EVERY if step is None else Name(step) for step in spot))


def general(path: Path) -> Path:
    """Return a path with [*] in place of every choice of elements."""
    return Path(tuple(step if isinstance(step, Name) else _EVERY for step in path.steps))


def _parsed(text: str) -> Any:
    try:
        value = json.loads(
            text, parse_int=_no_string, parse_float=_no_string, parse_constant=_no_string
        )
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def _below(value: Any, steps: Spot) -> Iterator[tuple[Spot, str]]:
    if len(steps) > _MOST_STEPS:
        return
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _below(member, (*steps, name))
    elif isinstance(value, list):
        for element in value:
            yield from _below(element, (*steps, None))
    elif isinstance(value, str):
        inner = _parsed(value) if value[:1] in "{[" and value else None
        if inner is None:
            yield steps, value
        else:
            yield from _below(inner, steps)
