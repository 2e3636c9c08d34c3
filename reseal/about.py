"""What this process is at work on: words that every log line and every statement carries along.

A thread that was not started by whoever said what it is about has what the process is about.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from urllib.parse import quote
from uuid import UUID, uuid4

# In the order in which a line tells them.
WORDS = ("run_id", "flow", "field", "stage")
# A field's name is the operator's own, and belongs in no comment.
_IN_STATEMENTS = ("flow", "run_id", "stage")

_of_context: ContextVar[Mapping[str, str]] = ContextVar("reseal_about", default={})  # noqa: B039
_of_process: dict[str, str] = {}
_command: list[UUID] = []


@contextmanager
def about(**words: str) -> Iterator[None]:
    """Say for the length of the block what is worked on; words that were said stay."""
    token = _of_context.set({**_of_context.get(), **words})
    try:
        yield
    finally:
        _of_context.reset(token)


@contextmanager
def about_run(run_id: UUID, flow: str) -> Iterator[None]:
    """Say which run this process works on, for all of its threads."""
    before = dict(_of_process)
    _of_process.update(run_id=str(run_id), flow=flow)
    try:
        yield
    finally:
        _of_process.clear()
        _of_process.update(before)


def said() -> dict[str, str]:
    """Return what is worked on."""
    return {**_of_process, **_of_context.get()}


def begin_command() -> None:
    """Give this process one id for whatever it does besides runs."""
    _command[:] = [uuid4()]


def correlation() -> UUID:
    """Return the id of the run that is worked on, of the command, or a new one."""
    run_id = said().get("run_id")
    if run_id is not None:
        return UUID(run_id)
    return _command[0] if _command else uuid4()


def comment() -> str:
    """Return what follows a statement, as sqlcommenter spells it; nothing outside of a run.

    It is the same for all statements of a stage, so that prepared plans are found again.
    """
    words = said()
    if "run_id" not in words:
        return ""
    return _spelled(tuple((name, words[name]) for name in _IN_STATEMENTS if name in words))


@lru_cache(maxsize=64)
def _spelled(words: tuple[tuple[str, str], ...]) -> str:
    parts = [("application", "reseal"), *words]
    text = ",".join(f"{name}='{quote(value, safe='')}'" for name, value in parts)
    return f" /*{text}*/"
