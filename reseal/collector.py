"""Python's garbage collector, where work makes rows by the ten thousand and no circles of them."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# New objects that outlive their making, of which a batch has some tens of thousands.
_COLLECTED_AFTER = 1_000_000

# Objects that are made before the youngest are walked through, and so many walks before the older
# ones are: what a command imports stays, and a sixth of the time of that is spent on such walks.
_SELDOM = (50_000, 20, 100)


def collect_seldom() -> None:
    """Have the collector walk through few of the things that are imported."""
    gc.set_threshold(*_SELDOM)


def pass_over_what_is_loaded() -> None:
    """Have the collector walk through what is made from now on only, and seldom.

    What is loaded by now stays, and rows do not refer back to one another.
    """
    gc.freeze()
    gc.set_threshold(_COLLECTED_AFTER)


@contextmanager
def passing_over_what_is_loaded() -> Iterator[None]:
    """Do so for the length of the block.

    Otherwise a process with large libraries spends half of its time on walks through those.
    """
    before = gc.get_threshold()
    pass_over_what_is_loaded()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
