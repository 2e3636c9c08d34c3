"""Import Great Expectations ahead of time, and compile its templates."""

import threading
from contextlib import suppress
from importlib import import_module


def warm_up() -> threading.Thread:
    """Start to import Great Expectations, which takes seconds, in the background."""
    thread = threading.Thread(target=_import, name="warm-up-expectations", daemon=True)
    thread.start()
    return thread


def _import() -> None:
    # Whoever needs it imports it again, and is told there what is wrong.
    with suppress(Exception):
        import_module("expectations.checkpoint")
