"""Work that is written once and done by threads and by asyncio alike.

A piece of work is a generator that yields what it needs of its surroundings and is sent what came
of it. It does no I/O itself, so that `Vault` and `AsyncVault` differ only in who answers.
"""

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from reseal.store.store import Statement

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Transaction:
    """Run these statements in one transaction; the answer is the rows of each."""

    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Apart:
    """Make a call that may wait for a key service; the answer is what it returns."""

    call: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Renewal:
    """Have the keys loaded anew, if that is still due when it is this one's turn."""

    is_due: Callable[[], bool]


Ask = Transaction | Apart | Renewal
Steps = Generator[Ask, Any, Found]


def transaction(*statements: Statement) -> Transaction:
    """Ask for statements to be run together."""
    return Transaction(statements)


def drive(steps: Steps[Found], answer: Callable[[Ask], Any]) -> Found:
    """Do the work, with every ask answered by a call; what that raises reaches the work."""
    try:
        ask = next(steps)
        while True:
            try:
                given = answer(ask)
            except Exception as error:
                ask = steps.throw(error)
            else:
                ask = steps.send(given)
    except StopIteration as end:
        found: Found = end.value
        return found


async def drive_async(steps: Steps[Found], answer: Callable[[Ask], Awaitable[Any]]) -> Found:
    """Do the work on an event loop."""
    try:
        ask = next(steps)
        while True:
            try:
                given = await answer(ask)
            except Exception as error:
                ask = steps.throw(error)
            else:
                ask = steps.send(given)
    except StopIteration as end:
        found: Found = end.value
        return found
