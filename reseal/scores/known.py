"""Reading one thing of a database: what may not be read, or fails, is unknown and says why."""

from collections.abc import Callable
from typing import TypeVar

from reseal.errors import ConnectionLost, FieldError, StoreError
from reseal.scores.finding import Unknown

Made = TypeVar("Made")


def known(read: Callable[[], Made]) -> Made | Unknown:
    """Return what is read, or why it is not; raise ConnectionLost only."""
    try:
        return read()
    except ConnectionLost:
        raise
    except (FieldError, StoreError) as error:
        return Unknown(str(error))
