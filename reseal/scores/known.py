"""Reading one thing of a database: what may not be read, or fails, is unknown and says why."""

from collections.abc import Callable
from typing import TypeVar

from reseal.errors import ConnectionLost, ResealError
from reseal.scores.finding import Unknown

Made = TypeVar("Made")


def known(read: Callable[[], Made | Unknown]) -> Made | Unknown:
    """Return what is read, or why it is not; raise ConnectionLost only."""
    try:
        return read()
    except ConnectionLost:
        raise
    except ResealError as error:
        return Unknown(str(error))
