"""Come to a stop that was asked for by a signal, instead of ending at once."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_STOP = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stop_on_signals(
    stop: Callable[[], None], numbers: tuple[signal.Signals, ...] = _STOP
) -> Iterator[None]:
    """Turn signals into a stop, for the length of the block; a second one ends the process."""
    before: dict[int, Any] = {}

    def on_signal(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, before[number])
        stop()

    try:
        for number in numbers:
            before[number] = signal.signal(number, on_signal)
    except ValueError:
        # Not the main thread: whoever owns it decides about signals.
        yield
        return
    try:
        yield
    finally:
        for each, action in before.items():
            signal.signal(each, action)
