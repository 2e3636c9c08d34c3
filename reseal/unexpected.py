"""Turn an exception that is not ours into one that tells where it happened, not what it held."""

import errno
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from reseal.errors import ResealError

Given = ParamSpec("Given")
Made = TypeVar("Made")


# What a pool of processes says of it, and what Dask does.
_KILLED = ("BrokenProcessPool", "KilledWorker")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class Unexpected(ResealError):
    """Something failed that should not have; its text names the type and the place in the code."""


def scrubbed(error: Exception) -> ResealError:
    """Return our own errors as they are, others as their type and the frame they came from."""
    if isinstance(error, ResealError):
        return error
    if type(error).__name__ in _KILLED:
        return Unexpected("a worker process was killed; what it committed stands, so run again")
    # The text of a foreign exception can quote a value; its frames cannot.
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-4:]]
    what = f"unexpected {type(error).__name__}"
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        what = "a disk of this machine is full: evidence, state directory or temporary files,"
    return Unexpected(f"{what} at {' > '.join(places)}")


def scrubbing(work: Callable[Given, Made]) -> Callable[Given, Made]:
    """Wrap a function so that it raises ResealError or nothing, without cause or context."""

    @wraps(work)
    def guarded(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        try:
            return work(*args, **kwargs)
        except Exception as error:
            failure = scrubbed(error)
        # Outside the block, so that the foreign exception is not kept as the context.
        raise failure.with_traceback(None)

    return guarded
